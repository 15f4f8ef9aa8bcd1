"""Events as Stripe documents them are understood, all others are told apart without a crash and without a quote."""

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_service.payments.exceptions import UnreadableEvent
from course_service.payments.provider import ProviderEvent
from course_service.payments.stripe_events import read_event
from course_service.states import PaymentEventKind

AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
INTENT = {
    "id": "pi_1",
    "object": "payment_intent",
    "amount": 4900,
    "amount_received": 4900,
    "currency": "eur",
    "metadata": {"purchase_id": "order-1", "org_id": "acme"},
    "payment_method": "pm_1",
    "status": "succeeded",
}
CHARGE = {
    "id": "ch_1",
    "object": "charge",
    "amount": 4900,
    "amount_refunded": 1000,
    "currency": "eur",
    "metadata": {"purchase_id": "order-1"},
    "payment_intent": "pi_1",
    "payment_method_details": {"card": {"last4": "4242"}},
    "refunded": False,
}
REFUND = {
    "id": "re_1",
    "object": "refund",
    "amount": 1000,
    "currency": "eur",
    "metadata": {"purchase_id": "order-1", "refund_id": "wish-1"},
    "payment_intent": "pi_1",
    "status": "failed",
}


def event(event_type: str, told: object, **changes: Any) -> bytes:
    fields = {"id": "evt_1", "object": "event", "type": event_type, "created": int(AT.timestamp())}
    return json.dumps({**fields, "data": {"object": told}, **changes}).encode()


def about(kind: PaymentEventKind, event_type: str, **fields: Any) -> ProviderEvent:
    return ProviderEvent(event_id="evt_1", event_type=event_type, kind=kind, occurred_at=AT, **fields)


def test_a_payment_that_succeeded() -> None:
    assert read_event(event("payment_intent.succeeded", INTENT)) == about(
        PaymentEventKind.PAID,
        "payment_intent.succeeded",
        reference="pi_1",
        purchase_id="order-1",
        amount_minor=4900,
        currency="EUR",
    )


@pytest.mark.parametrize("event_type", ["payment_intent.payment_failed", "payment_intent.canceled"])
def test_a_payment_that_failed(event_type: str) -> None:
    told = read_event(event(event_type, INTENT))

    assert told == about(PaymentEventKind.FAILED, event_type, reference="pi_1", purchase_id="order-1")


@pytest.mark.parametrize("intent", ["pi_1", {"id": "pi_1", "object": "payment_intent"}])
def test_a_charge_that_was_given_back_also_with_its_payment_expanded(intent: object) -> None:
    assert read_event(event("charge.refunded", {**CHARGE, "payment_intent": intent})) == about(
        PaymentEventKind.REFUNDED,
        "charge.refunded",
        reference="pi_1",
        purchase_id="order-1",
        refunded_minor=1000,
        currency="EUR",
    )


@pytest.mark.parametrize("event_type", ["refund.failed", "charge.refund.updated"])
def test_a_refund_that_came_back(event_type: str) -> None:
    told = read_event(event(event_type, REFUND))

    assert (told.kind, told.refund_id, told.reference) == (PaymentEventKind.REFUND_FAILED, "wish-1", "pi_1")


@pytest.mark.parametrize(
    ("event_type", "told"),
    [("charge.refund.updated", {**REFUND, "status": "succeeded"}), ("customer.created", {}), ("invoice.paid", None)],
)
def test_everything_else_is_of_no_interest(event_type: str, told: object) -> None:
    assert read_event(event(event_type, told)).kind is PaymentEventKind.OTHER


@pytest.mark.parametrize("metadata", [None, {}, {"purchase_id": "not an id"}, {"purchase_id": 7}, "text"])
def test_a_payment_of_others_on_the_same_account_names_no_order(metadata: object) -> None:
    assert read_event(event("payment_intent.succeeded", {**INTENT, "metadata": metadata})).purchase_id is None


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"", "no JSON"),
        (b"\xff", "no JSON"),
        (b"[" * 100_000, "no JSON"),
        (b"[]", "no event"),
        (event("x", {}, object="charge"), "no event"),
        (event("x", {}, id=""), "id"),
        (event("x", {}, id="e\n1"), "id"),
        (event("x", {}, id=None), "id"),
        (event("x" * 101, {}), "type"),
        (event("x", {}, created=10**20), "created"),
        (event("x", {}, created=True), "created"),
        (event("x", {}, data=[]), "data"),
        (event("payment_intent.succeeded", None), "data.object"),
        (event("payment_intent.succeeded", {**INTENT, "amount_received": 49.0}), "amount_received"),
        (event("payment_intent.succeeded", {**INTENT, "amount_received": -1}), "amount_received"),
        (event("payment_intent.succeeded", {**INTENT, "amount_received": 2**63}), "amount_received"),
        (event("payment_intent.succeeded", {**INTENT, "amount_received": True}), "amount_received"),
        (event("payment_intent.succeeded", {**INTENT, "currency": "euro"}), "currency"),
        (event("payment_intent.succeeded", {**INTENT, "currency": "e1r"}), "currency"),
        (event("charge.refunded", {**CHARGE, "payment_intent": 7}), "payment_intent"),
    ],
)
def test_what_cannot_be_read_says_where(raw: bytes, says: str) -> None:
    with pytest.raises(UnreadableEvent, match=says):
        read_event(raw)


def test_what_cannot_be_read_is_not_quoted() -> None:
    with pytest.raises(UnreadableEvent) as raised:
        read_event(event("charge.refunded", {**CHARGE, "currency": "4242424242424242"}))

    assert "4242" not in str(raised.value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(
    kind=st.sampled_from(["payment_intent.succeeded", "charge.refunded", "refund.failed", "payment_intent.canceled"]),
    base=st.sampled_from([INTENT, CHARGE, REFUND]),
    field=st.sampled_from(sorted({*INTENT, *CHARGE, *REFUND})),
    value=JSON,
)
def test_any_value_anywhere_is_read_or_refused(kind: str, base: dict[str, Any], field: str, value: object) -> None:
    with suppress(UnreadableEvent):
        read_event(event(kind, {**base, field: value}))
