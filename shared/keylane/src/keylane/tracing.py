"""Traces with the OpenTelemetry API: one span per run of a handler, tied to the span that published the event.

Conventions: https://opentelemetry.io/docs/specs/semconv/messaging/messaging-spans/ and .../kafka/ (1.43, development).
"""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from opentelemetry import trace
from opentelemetry.trace import Link, SpanKind, Status, StatusCode

from keylane.errors import Skip
from keylane.places import PREFIX
from keylane.trace_context import TRACEPARENT, context_of, trace_headers
from keylane.wording import said

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from opentelemetry.context import Context
    from opentelemetry.trace import Span, Tracer, TracerProvider

    from keylane.broker import Record
    from keylane.message import Message

SCHEMA_URL: Final = "https://opentelemetry.io/schemas/1.43.0"
LETTER_TRACEPARENT: Final = f"{PREFIX}traceparent"
"""Names the run that condemned a message; the letter's own `traceparent` stays its publisher's, byte for byte."""
MAX_KEY_CHARACTERS: Final = 128


def tracer_of(provider: TracerProvider | None) -> Tracer | None:
    """A tracer, or None when nobody would receive its spans.

    Args:
        provider: None for the global one, if an SDK has set it by now.
    """
    found = provider or trace.get_tracer_provider()
    if isinstance(found, trace.ProxyTracerProvider | trace.NoOpTracerProvider):
        return None
    return found.get_tracer("keylane", schema_url=SCHEMA_URL)


class Tracing:
    """Spans of one worker.

    Args:
        tracer: Makes them.
        group: The consumer group.
        client_id: The Kafka client's name.
    """

    def __init__(self, tracer: Tracer, *, group: str, client_id: str) -> None:
        self._tracer = tracer
        self._constant = {
            "messaging.system": "kafka",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.consumer.group.name": group,
            "messaging.client.id": client_id,
        }

    @contextmanager
    def run(self, record: Record, message: Message) -> Iterator[str]:
        """A span around one run; it is current within, in a thread too. Gives the span's `traceparent`.

        It is a child of the publisher's span and linked to it; a replayed message's is linked to the run that condemned
        it as well. What the run raises passes through and, unless it is a verdict of success, is the span's error.
        """
        publisher = context_of(message.headers)
        condemned = context_of(message.headers, LETTER_TRACEPARENT)
        with self._tracer.start_as_current_span(
            f"process {record.topic}",
            context=publisher,
            kind=SpanKind.CONSUMER,
            attributes=self._attributes(record, message),
            links=_links(publisher, condemned),
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                yield trace_headers().get(TRACEPARENT, "")
            except (Skip, asyncio.CancelledError):
                raise
            except Exception as exc:
                failed(span, exc)
                raise

    def _attributes(self, record: Record, message: Message) -> dict[str, Any]:
        found: dict[str, Any] = {
            **self._constant,
            "messaging.destination.name": record.topic,
            "messaging.destination.partition.id": str(record.partition),
            "messaging.kafka.offset": record.offset,
            "messaging.message.id": message.id,
            "messaging.message.body.size": len(record.value or b""),
            "keylane.attempt": message.attempt,
        }
        if record.key is not None and (key := _text(record.key)) is not None:
            found["messaging.kafka.message.key"] = key
        return found


class PublishTracing:
    """Spans around records that are published for somebody who wrote them down before.

    Args:
        tracer: Makes them.
    """

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    @contextmanager
    def send(self, topic: str, *, key: str, message_id: str, headers: dict[str, str]) -> Iterator[None]:
        """A span around one send and its acknowledgement.

        Headers that carry their writer's context keep it, so that a repeated send repeats its bytes: the span is a
        child of the writer's and linked to it. Headers without one are given this span's.
        """
        writer = context_of({name: value.encode() for name, value in headers.items()})
        links = _links(writer)
        with self._tracer.start_as_current_span(
            f"send {topic}",
            context=writer,
            kind=SpanKind.CLIENT if links else SpanKind.PRODUCER,
            attributes={
                "messaging.system": "kafka",
                "messaging.operation.name": "send",
                "messaging.operation.type": "publish",
                "messaging.destination.name": topic,
                "messaging.message.id": message_id,
                "messaging.kafka.message.key": key[:MAX_KEY_CHARACTERS],
            },
            links=links,
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            if not links:
                headers.update(trace_headers())
            try:
                yield
            except Exception as exc:
                failed(span, exc)
                raise


def failed(span: Span, error: Exception) -> None:
    """Record the error that ended a span."""
    kind = type(error)
    span.set_attribute("error.type", f"{kind.__module__}.{kind.__qualname__}")
    span.set_status(Status(StatusCode.ERROR, said(error)[:512]))
    span.record_exception(error)


def _links(*contexts: Context) -> list[Link]:
    spans: Iterable[Any] = (trace.get_current_span(context).get_span_context() for context in contexts)
    return [Link(span) for span in spans if span.is_valid]


def _text(key: bytes) -> str | None:
    try:
        return key.decode()[:MAX_KEY_CHARACTERS]
    except UnicodeDecodeError:
        return None
