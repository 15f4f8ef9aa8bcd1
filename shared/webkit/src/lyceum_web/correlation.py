"""The ids by which one request is found again: in its answer, in every log line, in the events that it causes."""

import logging
import random
import re
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass

from opentelemetry import trace

HEADER = "X-Correlation-Id"

_HEADER = HEADER.lower().encode()
_FIT = re.compile(rb"\A[A-Za-z0-9._-]{1,64}\Z")
_TRACEPARENT = re.compile(rb"\A(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?\Z")
"""https://www.w3.org/TR/trace-context/#traceparent-header"""


@dataclass(frozen=True, slots=True)
class Correlation:
    """The ids of the request that is being answered here.

    Attributes:
        correlation_id: the caller's own, from `X-Correlation-Id`, or the trace's.
        trace_id: of the trace that the request belongs to; a new one if it belongs to none. 32 hexadecimal digits.
    """

    correlation_id: str
    trace_id: str


_current: ContextVar[Correlation | None] = ContextVar("lyceum_web.correlation", default=None)


def current() -> Correlation | None:
    """Return the ids of the request that is being answered here, in its threads too; None outside of any."""
    return _current.get()


def begin(headers: Iterable[tuple[bytes, bytes]]) -> Correlation:
    """Settle the ids of a request that has just arrived; whatever its caller sent that does not fit is ignored."""
    asked = traceparent = b""
    for name, value in headers:
        if name == _HEADER:
            asked = value
        elif name == b"traceparent":
            traceparent = value
    trace_id = _trace_id(traceparent)
    found = Correlation(asked.decode() if asked and _FIT.match(asked) else trace_id, trace_id)
    _current.set(found)
    return found


def _trace_id(traceparent: bytes) -> str:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        return trace.format_trace_id(span.trace_id)
    match = _TRACEPARENT.match(traceparent) if traceparent else None
    # No secret, and made for every request: the system's generator lets other threads run meanwhile, which takes longer
    # than all the rest of this.
    return f"{random.getrandbits(128) or 1:032x}" if match is None else match[1].decode()


class Correlated(logging.Filter):
    """Adds the ids of the request to whatever is logged while it is answered; lets every record pass."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Add them, unless the record has some of its own."""
        found = _current.get()
        if found is not None:
            vars(record).setdefault("correlation_id", found.correlation_id)
            vars(record).setdefault("trace_id", found.trace_id)
        return True
