"""The listener on a broker: whatever order allocations are told in and however often, students see the newest."""

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta

import pytest

from course_service.allocations.handlers import bound
from course_service.enrolments import rules
from keylane import KafkaSettings, MemoryInbox, RetryPolicy, Worker, dead_letter_topic, replay_topic
from keylane.testing import InMemoryBroker, until
from lyceum_contracts import ALLOCATIONS, COURSE_SERVICE, Envelope, Event, encode
from lyceum_database import OUTAGES

from .shop import Shop
from .test_enrolments import NOW, allocated, moved, over, waits


@pytest.fixture
def shop(embedded_shop: Shop) -> Shop:
    return embedded_shop


async def publish(broker: InMemoryBroker, told: Sequence[tuple[str, Event]]) -> None:
    publisher = broker.publisher()
    for event_id, event in told:
        record = encode(event, Envelope(id=event_id, source="/allocation", time=NOW))
        await (await publisher.send(record.topic, key=record.key, value=record.value, headers=record.headers))


async def heard(shop: Shop, told: Sequence[tuple[str, Event]], *, broken: bytes | None = None) -> InMemoryBroker:
    """Publish, let a worker read all of it, and stop it."""
    broker = InMemoryBroker()
    letters = dead_letter_topic(ALLOCATIONS.name, COURSE_SERVICE)
    for topic in (ALLOCATIONS.name, letters, replay_topic(ALLOCATIONS.name, COURSE_SERVICE)):
        broker.create_topic(topic, 2)
    if broken is not None:
        headers = [("ce_specversion", b"1.0"), ("ce_id", b"bad"), ("ce_type", b"TRAINER_ALLOCATED")]
        await (await broker.publisher().send(ALLOCATIONS.name, key=b"k", value=broken, headers=headers))
    await publish(broker, told)
    worker = Worker(
        COURSE_SERVICE,
        [ALLOCATIONS.name],
        bound(shop.enrolling),
        inbox=MemoryInbox(),
        settings=KafkaSettings(bootstrap_servers="nowhere:1"),
        broker=broker,
        retry=RetryPolicy(base=timedelta(0)),
        outages=OUTAGES,
    )
    running = asyncio.create_task(worker.run())
    count, counts = len(told) + (broken is not None), worker.counts
    await until(lambda: counts.done + counts.dead + counts.duplicate == count, what="all is handled")
    await worker.stop()
    await running
    return broker


async def test_events_that_come_backwards_and_twice_end_at_the_newest(shop: Shop) -> None:
    life = [("1", waits(1)), ("2", allocated(1, "t1")), ("3", waits(2)), ("4", moved(2, "t2"))]

    await heard(shop, [*life[::-1], *life])

    seen = shop.access()
    assert seen is not None
    assert (rules.trainer_of(seen), rules.waits_since(seen)) == ("t2", None)


async def test_an_end_that_comes_before_its_beginning_stays_the_end(shop: Shop) -> None:
    await heard(shop, [("2", over(1, "t1")), ("1", allocated(1, "t1"))])

    seen = shop.access()
    assert seen is not None
    assert rules.trainer_of(seen) is None


async def test_an_event_that_cannot_be_read_holds_up_no_other(shop: Shop) -> None:
    broker = await heard(shop, [("1", allocated(1, "t1"))], broken=json.dumps({"epoch": "first"}).encode())

    seen = shop.access()
    assert seen is not None
    assert rules.trainer_of(seen) == "t1"
    letters = [record async for record in broker.scan(dead_letter_topic(ALLOCATIONS.name, COURSE_SERVICE))]
    assert len(letters) == 1
