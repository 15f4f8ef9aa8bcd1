"""Traces: one span per run, tied to the publisher's, and a context that goes on into whatever follows."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from keylane import Fatal, MemoryInbox, Message, RetryPolicy, Skip
from keylane.testing import InMemoryBroker, until
from keylane.testing.memory_log import MemoryRecord
from keylane.trace_context import trace_headers, trace_id_of
from keylane.tracing import Tracing, tracer_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keylane.testing import Rig

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def provider(exporter: InMemorySpanExporter) -> TracerProvider:
    made = TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(SimpleSpanProcessor(exporter))
    return made


def made_tracing(provider: TracerProvider) -> Tracing:
    tracer = tracer_of(provider)
    assert tracer is not None
    return Tracing(tracer, group="g", client_id="c")


def record_and_message(headers: Mapping[str, bytes], key: bytes | None = b"k") -> tuple[MemoryRecord, Message]:
    record = MemoryRecord("t", 3, 42, 0, key, b'{"a":1}', tuple(headers.items()))
    place: dict[str, Any] = {"topic": "t", "partition": 3, "offset": 42, "key": key, "source": "", "time": None}
    return record, Message(id="e1", type="made", data={}, headers=headers, attempt=2, fence=7, **place)


def run(tracing: Tracing, headers: Mapping[str, bytes], error: BaseException | None = None, **more: Any) -> None:
    with tracing.run(*record_and_message(headers, **more)):
        if error is not None:
            raise error


def only(exporter: InMemorySpanExporter) -> ReadableSpan:
    (span,) = exporter.get_finished_spans()
    return span


def test_a_run_is_a_consumer_span_below_and_linked_to_its_publisher(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    run(made_tracing(provider), {"traceparent": PARENT.encode(), "tracestate": b"a=1"})
    span = only(exporter)

    assert (span.name, span.kind) == ("process t", SpanKind.CONSUMER)
    assert span.parent is not None
    assert trace.format_trace_id(span.parent.trace_id) == TRACE_ID
    assert [trace.format_span_id(link.context.span_id) for link in span.links] == ["b7ad6b7169203331"]
    assert span.context is not None
    assert span.context.trace_state.get("a") == "1"
    assert span.status.status_code is StatusCode.UNSET
    assert dict(span.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.consumer.group.name": "g",
        "messaging.client.id": "c",
        "messaging.destination.name": "t",
        "messaging.destination.partition.id": "3",
        "messaging.kafka.offset": 42,
        "messaging.kafka.message.key": "k",
        "messaging.message.id": "e1",
        "messaging.message.body.size": 7,
        "keylane.attempt": 2,
    }


def test_a_failed_run_records_its_error(provider: TracerProvider, exporter: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="no seat"):
        run(made_tracing(provider), {}, ValueError("no seat"))
    span = only(exporter)

    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "no seat")
    assert (span.attributes or {})["error.type"] == "builtins.ValueError"
    assert [event.name for event in span.events] == ["exception"]
    assert span.parent is None


@pytest.mark.parametrize("ending", [Skip(), asyncio.CancelledError()])
def test_what_is_no_failure_is_no_error(
    provider: TracerProvider, exporter: InMemorySpanExporter, ending: BaseException
) -> None:
    with pytest.raises(type(ending)):
        run(made_tracing(provider), {}, ending)

    assert only(exporter).status.status_code is StatusCode.UNSET


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe", b"00-0-0-00", b"x" * 5_000, PARENT.encode()[:-4]])
def test_a_traceparent_that_is_none_begins_a_new_trace(
    provider: TracerProvider, exporter: InMemorySpanExporter, garbage: bytes
) -> None:
    run(made_tracing(provider), {"traceparent": garbage, "tracestate": garbage})

    assert only(exporter).parent is None
    assert not only(exporter).links
    assert trace_id_of(garbage) is None


def test_a_run_is_no_child_of_what_happens_to_be_current(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    with provider.get_tracer("else").start_as_current_span("else"):
        run(made_tracing(provider), {})

    assert exporter.get_finished_spans()[0].parent is None


def test_a_replayed_run_is_linked_to_the_run_that_condemned_it(
    provider: TracerProvider, exporter: InMemorySpanExporter
) -> None:
    condemned = b"00-11111111111111111111111111111111-2222222222222222-01"
    run(made_tracing(provider), {"traceparent": PARENT.encode(), "x-dlq-traceparent": condemned})

    assert [trace.format_span_id(link.context.span_id) for link in only(exporter).links] == [
        "b7ad6b7169203331",
        "2222222222222222",
    ]


def test_a_key_that_is_no_text_is_left_out(provider: TracerProvider, exporter: InMemorySpanExporter) -> None:
    run(made_tracing(provider), {}, key=b"\xff")
    run(made_tracing(provider), {}, key=None)

    for span in exporter.get_finished_spans():
        assert "messaging.kafka.message.key" not in (span.attributes or {})


def test_without_an_sdk_there_is_no_tracer_at_all() -> None:
    assert tracer_of(None) is None
    assert tracer_of(trace.NoOpTracerProvider()) is None
    assert trace_headers() == {}


def test_the_current_context_is_that_of_the_run(provider: TracerProvider, exporter: InMemorySpanExporter) -> None:
    with made_tracing(provider).run(*record_and_message({"traceparent": PARENT.encode()})) as traceparent:
        assert trace_headers() == {"traceparent": traceparent}
    span = only(exporter).get_span_context()

    assert trace_id_of(traceparent) == TRACE_ID
    assert span is not None
    assert trace.format_span_id(span.span_id) in traceparent


def test_a_log_line_finds_its_trace_id() -> None:
    assert trace_id_of(PARENT) == trace_id_of(PARENT.encode()) == TRACE_ID
    assert trace_id_of(None) is None


# --- through a worker ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("on_loop", [True, False])
async def test_every_attempt_is_a_span_and_the_letter_names_the_last_one(
    memory: Rig, provider: TracerProvider, exporter: InMemorySpanExporter, on_loop: bool
) -> None:
    seen: list[str | None] = []

    def handle(message: Message) -> None:
        seen.append(trace_id_of(trace_headers().get("traceparent")))
        raise ValueError("no")

    async def handle_on_loop(message: Message) -> None:
        handle(message)

    await memory.publish("e", data={}, headers=[("traceparent", PARENT.encode())])
    retry = RetryPolicy(max_attempts=3, base=timedelta(0))
    handlers: dict[str, Any] = {"made": handle_on_loop if on_loop else handle}
    worker = memory.start(handlers, tracer_provider=provider, retry=retry)
    await until(lambda: worker.counts.dead == 1)
    (letter,) = await memory.letters(1)
    spans = exporter.get_finished_spans()
    headers = dict(letter.headers)

    assert seen == [TRACE_ID] * 3, "current within the handler"
    assert [(span.attributes or {})["keylane.attempt"] for span in spans] == [1, 2, 3]
    assert all(span.status.status_code is StatusCode.ERROR for span in spans)
    assert headers["traceparent"] == PARENT.encode(), "the publisher's, byte for byte"
    last = spans[-1].get_span_context()
    assert last is not None
    assert headers["x-dlq-traceparent"] == f"00-{TRACE_ID}-{trace.format_span_id(last.span_id)}-01".encode()


async def test_the_span_of_a_condemned_run_survives_in_the_store(memory: Rig, provider: TracerProvider) -> None:
    inbox = MemoryInbox()
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    broker.fail_sends(memory.dead_letter_topic)

    def handle(_: Message) -> None:
        raise Fatal("never")

    await memory.publish("e", data={}, headers=[("traceparent", PARENT.encode())])
    first = memory.start({"made": handle}, tracer_provider=provider, inbox=inbox)
    await until(lambda: "dead letters" in first.why_unready)
    await memory.stop()
    broker.allow_sends(memory.dead_letter_topic)
    second = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: second.counts.dead == 1)
    (letter,) = await memory.letters(1)

    assert trace_id_of(dict(letter.headers)["x-dlq-traceparent"]) == TRACE_ID


async def test_without_traces_a_letter_has_the_header_and_nothing_in_it(memory: Rig) -> None:
    await memory.publish(None, data={})
    memory.start({"made": lambda _: None})
    (letter,) = await memory.letters(1)

    assert dict(letter.headers)["x-dlq-traceparent"] == b""
