"""From the click to the trainer's name and back: orders, outbox, allocation and listener together, over one broker."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest

from course_service.allocations.handlers import bound
from course_service.enrolments import rules
from course_service.models import Enrolment, Purchase
from keylane import Handler, KafkaSettings, MemoryInbox, Message, RetryPolicy, Worker, dead_letter_topic, replay_topic
from keylane.mongo import OutboxRelay
from keylane.testing import InMemoryBroker, until
from lyceum_allocation import Allocation, AllocationRepository, AllocationService, CapacityRepository
from lyceum_allocation.testing import trainer
from lyceum_contracts import (
    ALLOCATION_WORKER,
    ALLOCATIONS,
    COURSE_SERVICE,
    PURCHASES,
    PurchaseCreated,
    PurchaseRefunded,
)
from lyceum_database import OUTAGES

from .shop import Shop, events

CLICKS = 50
READERS = ((PURCHASES.name, ALLOCATION_WORKER), (ALLOCATIONS.name, COURSE_SERVICE))


@pytest.fixture
def shop(embedded_shop: Shop) -> Shop:
    return embedded_shop


def allocating(service: AllocationService) -> dict[str, Handler]:
    """What the allocation worker does with purchases."""

    def created(message: Message) -> None:
        service.allocate(PurchaseCreated.parse(message.data), org_id="default", cause_id=message.id)

    def refunded(message: Message) -> None:
        service.refund(PurchaseRefunded.parse(message.data), org_id="default", cause_id=message.id)

    return {PurchaseCreated.type: created, PurchaseRefunded.type: refunded}


def worker(group: str, topic: str, handlers: dict[str, Handler], broker: InMemoryBroker) -> Worker:
    return Worker(
        group,
        [topic],
        handlers,
        inbox=MemoryInbox(),
        settings=KafkaSettings(bootstrap_servers="nowhere:1"),
        broker=broker,
        retry=RetryPolicy(base=timedelta(milliseconds=5)),
        outages=OUTAGES,
    )


@asynccontextmanager
async def platform(shop: Shop) -> AsyncIterator[None]:
    """Everything that runs beside the requests."""
    broker = InMemoryBroker()
    for topic, group in READERS:
        for name in (topic, dead_letter_topic(topic, group), replay_topic(topic, group)):
            broker.create_topic(name, 3)
    service = AllocationService(
        allocations=AllocationRepository(clock=shop.clock),
        capacities=CapacityRepository(clock=shop.clock),
        clock=shop.clock,
    )
    collections: list[Any] = [Purchase._get_collection(), Allocation._get_collection()]
    parts: list[Any] = [
        *(
            OutboxRelay(one, broker=broker, interval=timedelta(milliseconds=10), clock=shop.clock)
            for one in collections
        ),
        worker(ALLOCATION_WORKER, PURCHASES.name, allocating(service), broker),
        worker(COURSE_SERVICE, ALLOCATIONS.name, bound(shop.enrolling), broker),
    ]
    running = [asyncio.create_task(part.run()) for part in parts]
    try:
        yield
    finally:
        for part in parts:
            await part.stop()
        await asyncio.gather(*running)


async def at_once(call: Callable[[], object], times: int) -> None:
    await asyncio.gather(*(asyncio.to_thread(call) for _ in range(times)))


def trainer_now(shop: Shop) -> str | None:
    seen = shop.access()
    return None if seen is None else rules.trainer_of(seen)


async def test_fifty_clicks_and_deliveries_are_one_order_one_enrolment_one_trainer_until_all_is_given_back(
    shop: Shop,
) -> None:
    CapacityRepository(clock=shop.clock).insert(trainer("t1", capacity=9))
    async with platform(shop):
        await at_once(lambda: shop.buys("k1"), CLICKS)
        first = Purchase.objects.get().id
        delivery = shop.paid(first)
        await at_once(lambda: shop.receives(delivery), CLICKS)
        await until(lambda: trainer_now(shop) == "t1", what="the trainer's name")
        assert Enrolment.objects.count() == Allocation.objects.count() == 1

        second = shop.order("k2")
        shop.receives(shop.paid(second))
        await until(lambda: len(Allocation.objects.get().grants) == 2, what="both purchases with the allocation")

        shop.receives(shop.refunded(first))
        await until(lambda: Allocation.objects.get().grants == [second], what="one purchase left")
        assert (trainer_now(shop), shop.may_attend()) == ("t1", True)

        shop.receives(shop.refunded(second))
        await until(lambda: trainer_now(shop) is None, what="the trainer gone")
        assert not shop.may_attend()
        await until(lambda: not Purchase.objects(outbox_due__exists=True), what="everything published")
    assert {event.status for event in events()} == {"done"}
