"""The W3C trace context as text: what headers carry from one program to the next.

https://www.w3.org/TR/trace-context/. Whatever propagators a process is configured with, these two headers are what
producers in any language write.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from opentelemetry import trace
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

if TYPE_CHECKING:
    from collections.abc import Mapping

    from opentelemetry.context import Context

TRACEPARENT: Final = "traceparent"
TRACESTATE: Final = "tracestate"
W3C: Final = TraceContextTextMapPropagator()


def trace_headers() -> dict[str, str]:
    """The W3C headers of the span that is current here; empty outside of any.

    Put them into the headers of an outbox entry, in the write that decides: what follows belongs to the same trace.
    """
    carrier: dict[str, str] = {}
    W3C.inject(carrier)
    return carrier


def context_of(headers: Mapping[str, bytes], name: str = TRACEPARENT) -> Context:
    """The context that these headers carry, free of whatever is current here; one that carries nothing is no error."""
    carrier = {TRACEPARENT: headers.get(name, b"").decode("ascii", "replace")}
    if name == TRACEPARENT and TRACESTATE in headers:
        carrier[TRACESTATE] = headers[TRACESTATE].decode("ascii", "replace")
    return W3C.extract(carrier, context=trace.set_span_in_context(trace.INVALID_SPAN))


def trace_id_of(traceparent: str | bytes | None) -> str | None:
    """The trace id within a `traceparent`, for log lines; None when there is none."""
    raw = traceparent.encode() if isinstance(traceparent, str) else traceparent
    span = trace.get_current_span(context_of({TRACEPARENT: raw or b""})).get_span_context()
    return trace.format_trace_id(span.trace_id) if span.is_valid else None
