"""The relay under slow brokers, stores that are away and rivals: first copies in order, nothing repeated while pending."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import mongomock
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode
from prometheus_client import CollectorRegistry
from pymongo.errors import AutoReconnect

from keylane import BrokerUnavailableError
from keylane.metrics import RelayCollector
from keylane.mongo import OutboxRelay
from keylane.mongo.outbox import LOOK_S
from keylane.testing import InMemoryBroker, until
from keylane.trace_context import trace_id_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

LEASE = timedelta(milliseconds=150)
PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass
class SlowPublisher:
    """Acknowledges when a test says so; notes every send."""

    sends: list[str] = field(default_factory=list)
    headers: list[dict[str, bytes | None]] = field(default_factory=list)
    pending: list[asyncio.Future[None]] = field(default_factory=list)
    at_once: bool = False

    async def send(self, topic: str, *, headers: Sequence[tuple[str, bytes | None]], **_: Any) -> asyncio.Future[None]:
        self.headers.append(dict(headers))
        self.sends.append((dict(headers)["ce_id"] or b"").decode())
        sent: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self.at_once:
            sent.set_result(None)
        else:
            self.pending.append(sent)
        return sent

    def acknowledge(self) -> None:
        waiting, self.pending = self.pending, []
        for sent in waiting:
            sent.set_result(None)

    async def close(self, *, timeout_s: float) -> None: ...


class Stage:
    """A collection that can be away, and relays over it."""

    def __init__(self) -> None:
        self.documents: Any = mongomock.MongoClient(tz_aware=True).db.documents
        self.running: list[tuple[OutboxRelay, asyncio.Task[None]]] = []

    def write(self, number: int, *ids: str, age: timedelta = timedelta(0), **headers: str) -> None:
        written = (datetime.now(UTC) - age).isoformat()
        entries = [
            {"id": id_, "type": "made", "topic": "t", "key": "k", "value": "{}"}
            | {"headers": {"ce_id": id_, "ce_time": written, **headers}}
            for id_ in ids
        ]
        change = {"$push": {"outbox": {"$each": entries}}, "$set": {"outbox_due": datetime.now(UTC)}}
        self.documents.update_one({"_id": number}, change, upsert=True)

    def start(self, publisher: SlowPublisher, **options: Any) -> OutboxRelay:
        options = {"lease": LEASE, "interval": timedelta(milliseconds=5), "threads": 1, **options}
        relay = OutboxRelay(self.documents, broker=InMemoryBroker(), stop_timeout=timedelta(seconds=2), **options)
        relay._publisher = publisher
        self.running.append((relay, asyncio.create_task(relay.run())))
        return relay

    def left(self, number: int) -> list[str]:
        return [entry["id"] for entry in self.documents.find_one({"_id": number})["outbox"]]


@pytest.fixture
async def stage() -> AsyncIterator[Stage]:
    made = Stage()
    yield made
    for relay, task in made.running:
        await relay.stop()
        await task


async def test_a_send_without_an_answer_is_waited_for_past_its_lease_and_never_repeated(stage: Stage) -> None:
    publisher = SlowPublisher()
    stage.write(1, "a", "b")
    relay = stage.start(publisher)
    await until(lambda: publisher.sends == ["a"])
    await until(lambda: "no acknowledgement yet" in relay.why_unready)
    await asyncio.sleep(LEASE.total_seconds() * 3)
    assert publisher.sends == ["a"]
    publisher.acknowledge()
    await until(lambda: publisher.sends == ["a", "b"])
    publisher.acknowledge()
    await until(lambda: stage.left(1) == [] and relay.ready)

    assert relay.published == 2


async def test_a_store_that_is_away_while_a_send_is_pending_does_not_repeat_the_send(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    publisher = SlowPublisher()
    stage.write(1, "a")
    relay = stage.start(publisher)
    await until(lambda: publisher.sends == ["a"])

    def away(*_: Any, **__: Any) -> None:
        raise AutoReconnect("away")

    with monkeypatch.context() as patch:
        patch.setattr(stage.documents, "update_one", away)
        await until(lambda: "store" in relay.why_unready)
        await asyncio.sleep(LEASE.total_seconds() * 2)
    await asyncio.sleep(LEASE.total_seconds() * 2)
    assert publisher.sends == ["a"], "the lease ran out, but the send may yet be written"
    publisher.acknowledge()
    await until(lambda: stage.left(1) == [])

    assert publisher.sends == ["a"]


async def test_what_was_acknowledged_before_a_failure_is_not_published_again(stage: Stage) -> None:
    publisher = SlowPublisher()
    stage.write(1, "a", "b", "c")
    stage.start(publisher)
    await until(lambda: publisher.sends == ["a"])
    publisher.acknowledge()
    await until(lambda: publisher.sends == ["a", "b"])
    publisher.pending.pop().set_exception(BrokerUnavailableError("refused"))
    await until(lambda: stage.left(1) == ["b", "c"])
    publisher.at_once = True
    await until(lambda: stage.left(1) == [])

    assert publisher.sends == ["a", "b", "b", "c"]


async def test_first_copies_of_a_document_leave_in_order_whatever_rivals_do(stage: Stage) -> None:
    """The writer makes a document due while a relay still sends from it, so both relays send from it at times."""
    publishers = [SlowPublisher(), SlowPublisher()]
    log: list[str] = []
    for publisher in publishers:
        publisher.sends = log
        stage.start(publisher)
    for number in range(30):
        stage.write(1, f"e{number:02}")
        await asyncio.sleep(0.005)
        publishers[number % 2].acknowledge()
    for publisher in publishers:
        publisher.at_once = True
        publisher.acknowledge()
    await until(lambda: stage.left(1) == [])

    assert list(dict.fromkeys(log)) == [f"e{number:02}" for number in range(30)]


async def test_a_hundred_documents_are_in_flight_side_by_side_one_entry_of_each(stage: Stage) -> None:
    publisher = SlowPublisher()
    for number in range(150):
        stage.write(number, f"{number}:a", f"{number}:b")
    stage.start(publisher, lease=timedelta(seconds=30))
    await until(lambda: len(publisher.sends) == 100)
    await asyncio.sleep(0.05)

    assert len(publisher.sends) == 100
    assert all(count == 1 for count in Counter(sent.split(":")[0] for sent in publisher.sends).values())
    publisher.at_once = True
    publisher.acknowledge()
    await until(lambda: len(publisher.sends) == 300)


async def test_backlog_and_the_age_of_the_oldest_entry_are_told(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keylane.mongo.outbox.LOOK_S", 0.02)
    publisher = SlowPublisher()
    stage.write(1, "old", age=timedelta(hours=2))
    stage.write(2, "young")
    relay = stage.start(publisher)
    await until(lambda: relay.backlog == 2)
    registry = CollectorRegistry()
    registry.register(RelayCollector(relay))
    labels = {"collection": "documents"}

    assert LOOK_S == 5.0
    assert 7_190 < relay.oldest_s < 7_300
    assert registry.get_sample_value("keylane_outbox_backlog_documents", labels) == 2
    assert 7_190 < (registry.get_sample_value("keylane_outbox_oldest_age_seconds", labels) or 0) < 7_300
    publisher.at_once = True
    publisher.acknowledge()
    await until(lambda: relay.backlog == 0 and relay.oldest_s == 0.0)
    assert registry.get_sample_value("keylane_outbox_published_total", labels) == 2
    assert registry.get_sample_value("keylane_outbox_ready", labels) == 1


async def test_a_record_carries_its_writers_context_and_the_send_is_a_span_below_it(stage: Stage) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    publisher = SlowPublisher(at_once=True)
    stage.write(1, "a", traceparent=PARENT)
    stage.write(2, "b")
    stage.start(publisher, tracer_provider=provider)
    await until(lambda: len(exporter.get_finished_spans()) == 2)
    told = {(headers["ce_id"] or b"").decode(): headers for headers in publisher.headers}
    spans = {str((span.attributes or {})["messaging.message.id"]): span for span in exporter.get_finished_spans()}

    assert told["a"]["traceparent"] == PARENT.encode(), "the writer's, so that a repeated send repeats its bytes"
    below, root = spans["a"], spans["b"]
    assert below.name == "send t"
    assert below.parent is not None
    assert trace.format_trace_id(below.parent.trace_id) == trace_id_of(PARENT)
    assert below.kind is SpanKind.CLIENT
    assert root.kind is SpanKind.PRODUCER
    context = root.get_span_context()
    assert context is not None
    assert trace_id_of(told["b"]["traceparent"]) == trace.format_trace_id(context.trace_id)


async def test_a_send_that_fails_is_its_spans_error(stage: Stage) -> None:
    exporter, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    publisher = SlowPublisher()
    stage.write(1, "a")
    stage.start(publisher, tracer_provider=provider)
    await until(lambda: publisher.pending)
    publisher.pending.pop().set_exception(BrokerUnavailableError("refused"))
    await until(exporter.get_finished_spans)

    assert exporter.get_finished_spans()[0].status.status_code is StatusCode.ERROR
