"""What becomes of an order depends on what was told, never on when, how often or in which order."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_service.models import Purchase
from course_service.payments.provider import ProviderEvent
from course_service.purchases import rules
from course_service.purchases.exceptions import Contradiction
from course_service.purchases.rules import Money
from course_service.states import PaymentEventKind, PurchaseStatus
from lyceum_contracts import Event, PurchaseCreated, PurchaseRefunded

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
PRICE = 4900

moments = st.integers(0, 100).map(lambda minutes: NOW + timedelta(minutes=minutes))
monies = st.builds(
    Money,
    paid_minor=st.sampled_from([0, PRICE]),
    paid_at=st.none() | moments,
    refunded_minor=st.integers(0, PRICE),
    refunded_at=st.none() | moments,
    failed_at=st.none() | moments,
    withdrawn=st.booleans(),
)


def order() -> Purchase:
    return Purchase(
        id="order-1",
        student_id="ana",
        course_id="algebra",
        title="Algebra",
        subject="math",
        language="en",
        amount_minor=PRICE,
        currency="EUR",
        provider="fake",
    )


def event(kind: PaymentEventKind, at: datetime, refunded_minor: int | None = None) -> ProviderEvent:
    amount = PRICE if kind is PaymentEventKind.PAID else None
    money = None if kind is PaymentEventKind.FAILED else "EUR"
    return ProviderEvent(
        event_id="e",
        event_type="t",
        kind=kind,
        occurred_at=at,
        reference="pi_1",
        amount_minor=amount,
        refunded_minor=refunded_minor,
        currency=money,
    )


told_events = st.one_of(
    moments.map(lambda at: event(PaymentEventKind.PAID, at)),
    moments.map(lambda at: event(PaymentEventKind.FAILED, at)),
    st.builds(lambda at, minor: event(PaymentEventKind.REFUNDED, at, minor), moments, st.integers(1, PRICE)),
)


def after(told: list[ProviderEvent]) -> tuple[Purchase, list[Event]]:
    """Write down what was told, one after the other, and collect what leaves."""
    seen, left = order(), list[Event]()
    for one in told:
        change = rules.take(seen, one, NOW)
        if change is not None:
            left += change.events
            for name, value in change.fields.items():
                setattr(seen, name, value)
    return seen, left


@given(monies, monies, monies)
def test_joining_is_the_same_in_any_order_and_any_number_of_times(one: Money, two: Money, three: Money) -> None:
    assert one.joined(two) == two.joined(one)
    assert one.joined(two).joined(three) == one.joined(two.joined(three))
    assert one.joined(one) == one
    assert one.joined(two).joined(two) == one.joined(two)


@given(st.data())
def test_the_same_events_in_any_order_with_repeats_make_the_same_order(data: st.DataObject) -> None:
    told = data.draw(st.lists(told_events, max_size=6))
    other = data.draw(st.permutations(told + (data.draw(st.lists(st.sampled_from(told), max_size=3)) if told else [])))

    one, left = after(told)
    two, left_too = after(other)

    assert one.to_mongo() == two.to_mongo()
    for events in (left, left_too):
        kinds = [type(each) for each in events]
        full = [each for each in events if isinstance(each, PurchaseRefunded) and each.full]
        assert kinds.count(PurchaseCreated) == (one.paid_at is not None)
        assert kinds[:1] in ([], [PurchaseCreated])
        assert len(full) == (one.status == "refunded")
        assert not full or full[-1] is events[-1]


@given(st.lists(told_events, max_size=6), told_events)
def test_nothing_that_was_told_is_ever_taken_back(told: list[ProviderEvent], more: ProviderEvent) -> None:
    before, now = Money.of(after(told)[0]), Money.of(after([*told, more])[0])

    assert now.joined(before) == now
    rank = list(PurchaseStatus)
    assert rank.index(now.status(PRICE)) >= rank.index(before.status(PRICE))


@pytest.mark.parametrize(
    ("money", "status"),
    [
        (Money(), "created"),
        (Money(failed_at=NOW), "failed"),
        (Money(refunded_minor=PRICE, refunded_at=NOW), "created"),
        (Money(paid_at=NOW, paid_minor=PRICE), "paid"),
        (Money(paid_at=NOW, paid_minor=PRICE, failed_at=NOW), "paid"),
        (Money(paid_at=NOW, paid_minor=PRICE, refunded_minor=1), "part_refunded"),
        (Money(paid_at=NOW, paid_minor=PRICE, refunded_minor=PRICE), "refunded"),
    ],
)
def test_the_status_follows_from_the_money(money: Money, status: str) -> None:
    assert money.status(PRICE) == status


def test_an_order_that_cost_nothing_is_not_refunded_by_having_cost_nothing() -> None:
    assert Money(paid_at=NOW).status(0) == "paid"
    assert Money(paid_at=NOW, withdrawn=True).status(0) == "refunded"


def test_another_currency_is_a_contradiction_whatever_the_amount() -> None:
    told = ProviderEvent(
        event_id="e",
        event_type="t",
        kind=PaymentEventKind.REFUNDED,
        occurred_at=NOW,
        refunded_minor=1,
        currency="USD",
    )

    with pytest.raises(Contradiction, match="in EUR, the event in USD"):
        rules.take(order(), told, NOW)


def test_nothing_new_is_nothing_to_write() -> None:
    seen, _ = after([event(PaymentEventKind.PAID, NOW)])

    assert rules.take(seen, event(PaymentEventKind.PAID, NOW + timedelta(days=1)), NOW) is None
