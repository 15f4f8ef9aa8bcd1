"""Each delivery has its stated outcome, and nothing that was acknowledged is lost."""

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from course_service.models import WebhookEvent
from course_service.payments.exceptions import BadSignature, StaleTimestamp, UnreadableEvent
from course_service.payments.fake_provider import Delivery, FakeProvider
from course_service.payments.signatures import HEADER
from course_service.webhooks import rules
from course_service.webhooks.exceptions import UnknownProvider
from lyceum_database import Unavailable

from .shop import PRICE, SECRET, Shop, events


def outcomes() -> list[tuple[str, str]]:
    return [(event.kind, event.status) for event in events()]


def test_a_paid_order_gives_access_and_tells_the_world_once(shop: Shop) -> None:
    order_id = shop.order()

    shop.receives(shop.paid(order_id))

    order = shop.stored(order_id)
    assert (order.status, order.paid_minor, order.settle_due) == ("paid", PRICE, None)
    assert shop.may_attend()
    assert shop.told_types(order_id) == ["PURCHASE_CREATED"]
    assert outcomes() == [("paid", "done")]


def test_a_delivery_that_comes_twice_is_one_event(shop: Shop) -> None:
    order_id = shop.order()
    delivery = shop.paid(order_id)

    shop.receives(delivery, delivery)

    assert outcomes() == [("paid", "done")]
    assert shop.told_types(order_id) == ["PURCHASE_CREATED"]


def test_one_delivery_to_many_processes_at_once_is_one_event(shop: Shop) -> None:
    order_id = shop.order()
    delivery = shop.paid(order_id)

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(lambda _: shop.receives(delivery), range(50)))
    shop.sweeps()

    assert outcomes() == [("paid", "done")]
    assert shop.told_types(order_id) == ["PURCHASE_CREATED"]


def test_one_fact_under_two_event_ids_has_one_effect(shop: Shop) -> None:
    order_id = shop.order()
    told = json.loads(shop.paid(order_id).body)
    other = shop.provider.signed(json.dumps({**told, "id": "evt_other"}).encode())

    shop.receives(shop.paid(order_id), other)

    assert outcomes() == [("paid", "done")] * 2
    assert shop.told_types(order_id) == ["PURCHASE_CREATED"]


def test_a_refund_before_its_payment_waits_for_it_then_both_leave_in_order(shop: Shop) -> None:
    order_id = shop.order()

    shop.receives(shop.refunded(order_id))
    assert shop.stored(order_id).status == "created"
    assert shop.told_types(order_id) == []
    shop.receives(shop.paid(order_id))

    assert shop.stored(order_id).status == "refunded"
    assert shop.told_types(order_id) == ["PURCHASE_CREATED", "PURCHASE_REFUNDED"]
    assert not shop.may_attend()
    assert outcomes() == [("refunded", "done"), ("paid", "done")]


def test_part_of_the_money_back_leaves_the_access_and_all_of_it_ends_it(shop: Shop) -> None:
    order_id = shop.order()
    shop.receives(shop.paid(order_id), shop.refunded(order_id, 1000))
    assert shop.stored(order_id).status == "part_refunded"
    assert shop.may_attend()

    shop.receives(shop.refunded(order_id, PRICE))

    assert not shop.may_attend()
    told = [json.loads(entry["value"]) for entry in shop.stored(order_id).outbox]
    assert [event.get("full") for event in told] == [None, False, True]


def test_a_smaller_refund_that_arrives_late_takes_nothing_back(shop: Shop) -> None:
    order_id = shop.order()

    shop.receives(shop.paid(order_id), shop.refunded(order_id, PRICE), shop.refunded(order_id, 1000))

    order = shop.stored(order_id)
    assert (order.status, order.refunded_minor) == ("refunded", PRICE)
    assert shop.told_types(order_id) == ["PURCHASE_CREATED", "PURCHASE_REFUNDED"]


def test_a_failed_payment_may_still_succeed_and_never_the_other_way_round(shop: Shop) -> None:
    order_id = shop.order()
    shop.receives(shop.provider.failed(order_id, "EUR"))
    assert shop.stored(order_id).status == "failed"

    shop.receives(shop.paid(order_id), shop.provider.failed(order_id, "EUR"))

    assert shop.stored(order_id).status == "paid"


def test_of_two_purchases_of_one_course_each_refund_takes_its_own(shop: Shop) -> None:
    first, second = shop.order("k1"), shop.order("k2")
    shop.receives(shop.paid(first), shop.paid(second))

    shop.receives(shop.refunded(first))
    assert shop.may_attend()
    shop.receives(shop.refunded(second))
    assert not shop.may_attend()


def test_an_event_that_comes_before_its_order_is_kept_and_acted_upon_once_it_is_there(shop: Shop) -> None:
    delivery = shop.paid("order-to-be")
    shop.receives(delivery)
    assert outcomes() == [("paid", "received")]
    order = shop.stored(shop.order())
    renamed = order.to_mongo().to_dict() | {"_id": "order-to-be", "order_key": "k", "payment_key": "p"}
    shop.orders._collection().insert_one(renamed | {"provider_ref": None})

    shop.sweeps()

    assert outcomes() == [("paid", "done")]
    assert shop.stored("order-to-be").status == "paid"


def test_an_event_tells_the_reference_of_an_order_whose_creator_died_before_noting_it(shop: Shop) -> None:
    shop.provider.fails(RuntimeError("died"))
    with pytest.raises(RuntimeError):
        shop.buys()
    order_id = shop.orders.newest(org_id="default")[0].id

    shop.receives(shop.paid(order_id))

    assert shop.stored(order_id).provider_ref == f"pi_fake_{order_id}"
    assert shop.may_attend()


def test_what_nobody_ordered_is_tried_for_three_days_ever_more_seldom_then_left_to_a_person(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    shop.receives(shop.paid("nobody-ordered"))
    tries = 0
    while events()[0].status == "received":
        shop.clock.advance(timedelta(minutes=30))
        tries += shop.webhooks.sweep()
        assert tries < 200

    (event,) = events()
    assert (event.status, event.due) == ("dead", None)
    assert timedelta(days=3) <= event.processed_at - event.received_at < timedelta(days=3, hours=2)  # type: ignore[operator] # both are there
    assert 60 < tries < 90
    assert [record.action for record in caplog.records if record.levelno == logging.ERROR] == ["webhook_dead"]  # type: ignore[attr-defined] # our own field


@pytest.mark.parametrize(
    ("amount", "currency", "says"),
    [(PRICE, "USD", "in EUR, the event in USD"), (PRICE - 1, "EUR", "4898 was paid"), (PRICE + 1, "EUR", "was paid")],
)
def test_another_currency_or_amount_than_ordered_is_left_to_a_person_at_once(
    shop: Shop, amount: int, currency: str, says: str
) -> None:
    order_id = shop.order()

    shop.receives(shop.paid(order_id, amount, currency))

    (event,) = events()
    assert event.status == "dead"
    assert says.replace("4898", str(PRICE - 1)) in (event.outcome or "")
    assert shop.stored(order_id).status == "created"


@pytest.mark.parametrize(("amount", "currency"), [(PRICE + 1, "EUR"), (10, "USD")])
def test_more_back_than_was_paid_or_in_other_money_is_left_to_a_person(shop: Shop, amount: int, currency: str) -> None:
    order_id = shop.order()
    shop.receives(shop.paid(order_id))

    shop.receives(shop.refunded(order_id, amount, currency))

    assert outcomes()[-1] == ("refunded", "dead")
    assert shop.may_attend()


def test_another_payment_for_an_order_that_has_one_is_left_to_a_person(shop: Shop) -> None:
    first, second = shop.order("k1"), shop.order("k2")
    told = json.loads(shop.paid(first).body)
    told["data"]["object"]["metadata"]["purchase_id"] = second
    told["data"]["object"]["id"] = "pi_of_nobody"

    shop.receives(shop.provider.signed(json.dumps(told).encode()))

    assert outcomes() == [("paid", "dead")]
    assert [shop.stored(order_id).status for order_id in (first, second)] == ["created", "created"]


def test_a_payment_of_one_order_that_names_another_is_left_to_a_person(shop: Shop) -> None:
    first, second = shop.order("k1"), shop.order("k2")
    told = json.loads(shop.paid(first).body)
    told["data"]["object"]["metadata"]["purchase_id"] = second

    shop.receives(shop.provider.signed(json.dumps(told).encode()))

    assert outcomes() == [("paid", "dead")]
    assert [shop.stored(order_id).status for order_id in (first, second)] == ["created", "created"]


def test_a_payment_that_names_no_order_is_found_by_its_reference(shop: Shop) -> None:
    order_id = shop.order()
    told = json.loads(shop.paid(order_id).body)
    del told["data"]["object"]["metadata"]

    shop.receives(shop.provider.signed(json.dumps(told).encode()))

    assert shop.stored(order_id).status == "paid"


def test_events_of_no_interest_are_kept_and_done(shop: Shop) -> None:
    body = {"id": "evt_1", "object": "event", "type": "customer.created", "created": 1, "data": {"object": {}}}

    shop.receives(shop.provider.signed(json.dumps(body).encode()))

    assert outcomes() == [("other", "done")]


FORGERIES = {
    "no signature": lambda good: Delivery(good.body, {}),
    "another secret": lambda good: FakeProvider(SecretStr("whsec_other")).signed(good.body),
    "a space more": lambda good: Delivery(good.body + b" ", good.headers),
    "another amount": lambda good: Delivery(good.body.replace(b"4900", b"4901"), good.headers),
    "a later time": lambda good: Delivery(good.body, {HEADER: good.headers[HEADER].replace("t=1", "t=2")}),
    "nonsense": lambda good: Delivery(good.body, {HEADER: "v1=,,t=\xe9,v1=\xe9"}),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_delivery_is_refused_and_leaves_nothing(
    shop: Shop, forgery: str, caplog: pytest.LogCaptureFixture
) -> None:
    order_id = shop.order()
    forged = FORGERIES[forgery](shop.paid(order_id))

    with pytest.raises(BadSignature) as raised:
        shop.receives(forged)

    assert events() == []
    assert shop.stored(order_id).status == "created"
    assert SECRET.get_secret_value() not in caplog.text + str(raised.value)


@pytest.mark.parametrize("late", [timedelta(minutes=5, seconds=1), timedelta(minutes=-5, seconds=-1)])
def test_a_recorded_delivery_is_refused_when_it_is_stale_or_from_the_future(shop: Shop, late: timedelta) -> None:
    delivery = shop.paid(shop.order())
    shop.clock.advance(late)

    with pytest.raises(StaleTimestamp):
        shop.receives(delivery)

    assert events() == []


def test_a_delivery_within_the_tolerance_is_taken(shop: Shop) -> None:
    delivery = shop.paid(shop.order())
    shop.clock.advance(timedelta(minutes=4, seconds=59))

    shop.receives(delivery)

    assert outcomes() == [("paid", "done")]


def test_a_signed_delivery_of_an_unknown_form_is_not_acknowledged(shop: Shop) -> None:
    with pytest.raises(UnreadableEvent):
        shop.receives(shop.provider.signed(b'{"object": "event", "id": 7}'))

    assert events() == []


def test_a_provider_that_is_not_set_up_is_unknown(shop: Shop) -> None:
    with pytest.raises(UnknownProvider):
        shop.webhooks.receive("stripe", b"", {})


def test_nothing_that_describes_a_card_is_stored(shop: Shop) -> None:
    order_id = shop.order()
    delivery = shop.refunded(order_id)
    assert b"4242" in delivery.body

    shop.receives(shop.paid(order_id), delivery)

    stored = [str(document.to_mongo()) for document in (*events(), shop.stored(order_id))]
    assert not [text for text in stored if "4242" in text or "visa" in text or "exp_month" in text]


@pytest.mark.parametrize("applied", [False, True])
@pytest.mark.parametrize("store", ["orders.change", "enrolments.insert", "events.finish", "events.claim"])
def test_a_database_that_goes_away_half_way_loses_nothing_whether_or_not_it_wrote(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, store: str, applied: bool
) -> None:
    order_id = shop.order()
    name, method = store.split(".")
    call = getattr(getattr(shop, name), method)

    def away(*arguments: Any, **options: Any) -> object:
        if applied:
            call(*arguments, **options)
        raise Unavailable("MongoDB does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(getattr(shop, name), method, away)
        shop.receives(shop.paid(order_id))
        shop.clock.advance(timedelta(minutes=1))
        with suppress(Unavailable) if applied else pytest.raises(Unavailable):
            shop.webhooks.sweep()
    shop.sweeps(timedelta(hours=1))

    assert outcomes() == [("paid", "done")]
    assert shop.may_attend()
    assert shop.told_types(order_id) == ["PURCHASE_CREATED"]


def test_one_event_that_fails_holds_up_no_other(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    bad, good = shop.order("k1"), shop.order("k2")
    for order_id in (bad, good):
        delivery = shop.paid(order_id)
        shop.webhooks.receive("fake", delivery.body, delivery.headers)
    take = shop.webhooks._order_of

    def failing(event: WebhookEvent) -> object:
        if event.purchase_id == bad:
            raise ZeroDivisionError
        return take(event)

    monkeypatch.setattr(shop.webhooks, "_order_of", failing)
    shop.sweeps()
    assert [shop.stored(order_id).status for order_id in (bad, good)] == ["created", "paid"]
    monkeypatch.undo()
    shop.sweeps()

    assert shop.stored(bad).status == "paid"


def test_an_event_is_one_process_at_a_time_for_as_long_as_its_claim(shop: Shop) -> None:
    shop.receives(shop.paid("nobody-ordered"))
    (one,), (other,) = events(), events()
    until = shop.clock() + timedelta(minutes=1)

    assert shop.events.claim(one, until)
    assert not shop.events.claim(other, until)
    assert shop.webhooks.sweep() == 0


def test_waits_grow_to_an_hour(shop: Shop) -> None:
    waits = [(rules.next_try(tries, shop.clock()) - shop.clock()).total_seconds() for tries in (0, 1, 2, 9, 10, 1000)]

    assert waits == [5, 10, 20, 2560, 3600, 3600]
