"""What an order tells leaves as the contracts say it, and the allocation worker's service reads it."""

import asyncio
import json
from typing import Any

import pytest

from course_service.models import Purchase
from keylane.mongo import OutboxRelay
from keylane.testing import InMemoryBroker, until
from lyceum_allocation import Allocation, AllocationRepository, AllocationService, CapacityRepository
from lyceum_allocation.testing import trainer
from lyceum_contracts import Decoded, OutboxEntry, PurchaseCreated, PurchaseRefunded, decode
from lyceum_database import Clock

from .shop import PRICE, Shop


def entries(shop: Shop, order_id: str) -> list[OutboxEntry]:
    return [OutboxEntry(**entry) for entry in shop.stored(order_id).outbox]  # type: ignore[typeddict-item] # as stored


def decoded(entry: OutboxEntry) -> Decoded:
    return decode(entry["value"].encode(), [(name, text.encode()) for name, text in entry["headers"].items()])


def allocation(clock: Clock) -> AllocationService:
    return AllocationService(
        allocations=AllocationRepository(clock=clock), capacities=CapacityRepository(clock=clock), clock=clock
    )


def test_the_two_events_are_byte_for_byte_what_the_contracts_say(shop: Shop) -> None:
    order_id = shop.order(language="de", second_language="en", wants=[7, 3])
    shop.receives(shop.paid(order_id), shop.refunded(order_id))

    created, refunded = entries(shop, order_id)
    whose = {"purchase_id": order_id, "student_id": "ana", "course_id": "algebra"}
    assert json.loads(created["value"]) == {
        **whose,
        "subject": "math",
        "language": "de",
        "amount_minor": PRICE,
        "currency": "EUR",
        "paid_at": "2030-01-02T03:04:05Z",
        "wants": [3, 7],
        "second_language": "en",
    }
    assert json.loads(refunded["value"]) == {
        **whose,
        "full": True,
        "reason": "given back through the payment provider",
        "refunded_at": "2030-01-02T03:04:05Z",
    }
    for entry, type_ in ((created, "PURCHASE_CREATED"), (refunded, "PURCHASE_REFUNDED")):
        assert (entry["topic"], entry["key"], entry["type"]) == ("purchases", "ana:algebra", type_)
        headers = entry["headers"]
        assert (headers["ce_type"], headers["ce_source"]) == (type_, "/course-service")
        assert (headers["ce_orgid"], headers["ce_id"]) == ("default", entry["id"])


def test_what_was_not_chosen_is_left_out(shop: Shop) -> None:
    order_id = shop.order()
    shop.receives(shop.paid(order_id))

    (created,) = entries(shop, order_id)
    assert {"wants", "second_language"} & json.loads(created["value"]).keys() == set()


def test_fifty_clicks_are_one_allocation_and_it_goes_with_the_last_refund(shop: Shop) -> None:
    CapacityRepository(clock=shop.clock).insert(trainer("t1", capacity=9))
    worker = allocation(shop.clock)
    first, second = shop.order("k1"), shop.order("k2")

    def hears(order_id: str) -> None:
        for entry in entries(shop, order_id):
            found = decoded(entry)
            if isinstance(found.event, PurchaseCreated):
                worker.allocate(found.event, org_id=found.envelope.org_id, cause_id=found.envelope.id)
            elif isinstance(found.event, PurchaseRefunded):
                worker.refund(found.event, org_id=found.envelope.org_id, cause_id=found.envelope.id)

    for _ in range(50):
        assert shop.order("k1") == first
    shop.receives(*[shop.paid(first)] * 3, shop.paid(second))
    hears(first)
    hears(second)
    (held,) = Allocation.objects
    assert (held.state, sorted(held.grants)) == ("ASSIGNED", sorted([first, second]))
    assert held.id == shop.access().id  # type: ignore[union-attr] # there is one

    shop.receives(shop.refunded(first))
    hears(first)
    assert Allocation.objects.get().state == "ASSIGNED"
    shop.receives(shop.refunded(second))
    hears(second)
    assert Allocation.objects.get().state == "CANCELLED"


@pytest.mark.usefixtures("shop")
async def test_the_relay_publishes_both_in_order_and_forgets_them(shop: Shop) -> None:
    order_id = shop.order()
    shop.receives(shop.paid(order_id), shop.refunded(order_id))
    expected = entries(shop, order_id)
    broker = InMemoryBroker()
    broker.create_topic("purchases", 3)
    collection: Any = Purchase._get_collection()
    relay = OutboxRelay(collection, broker=broker, clock=shop.clock)
    running = asyncio.create_task(relay.run())
    await until(lambda: relay.published == 2, what="both published")
    await relay.stop()
    await running

    records = [record async for record in broker.scan("purchases")]
    assert [(record.value or b"").decode() for record in records] == [entry["value"] for entry in expected]
    assert {record.key for record in records} == {b"ana:algebra"}
    assert [dict(record.headers)["ce_type"] for record in records] == [b"PURCHASE_CREATED", b"PURCHASE_REFUNDED"]
    assert (shop.stored(order_id).outbox, shop.stored(order_id).outbox_due) == ([], None)


def test_an_order_that_tells_more_while_its_relay_is_at_work_loses_nothing(shop: Shop) -> None:
    order_id = shop.order()
    shop.receives(shop.paid(order_id))
    (first,) = entries(shop, order_id)
    seen = shop.stored(order_id)
    # The relay takes the entry away without a new version; the writer had read the document before.
    Purchase._get_collection().update_one({"_id": order_id}, {"$pull": {"outbox": {"id": first["id"]}}})

    shop.receives(shop.refunded(order_id))

    assert [entry["type"] for entry in entries(shop, order_id)] == ["PURCHASE_REFUNDED"]
    assert seen.version < shop.stored(order_id).version
