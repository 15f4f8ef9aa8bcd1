"""What becomes of an order. Pure: each function reads one as it was read and says what to write, or None for nothing.

What the provider tells is joined, never replayed: amounts take the greater, moments the earlier value, and the status
follows from them. So events may come in any order and any number of times: the outcome depends on which came, only.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from course_service.changes import Change
from course_service.models import Purchase, PurchaseRefund
from course_service.payments.provider import ProviderEvent
from course_service.purchases import events
from course_service.purchases.exceptions import Contradiction
from course_service.purchases.refunds import reason_of, with_failed, with_request
from course_service.states import PaymentEventKind, PurchaseStatus, RefundStatus
from lyceum_contracts import Event

GRACE = timedelta(seconds=10)
"""Whoever wrote an order down also sees to what follows; only if that takes longer than this a sweep does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """What is known of an order's money. Joined with more of it, it only grows."""

    paid_minor: int = 0
    paid_at: datetime | None = None
    refunded_minor: int = 0
    refunded_at: datetime | None = None
    failed_at: datetime | None = None
    withdrawn: bool = False

    @classmethod
    def of(cls, order: Purchase) -> Self:
        """What is known so far."""
        return cls(**{name: getattr(order, name) for name in cls.__slots__})

    def joined(self, other: Self) -> Self:
        """Both together; the order of joining, and joining twice, make no difference."""
        return type(self)(
            paid_minor=max(self.paid_minor, other.paid_minor),
            paid_at=_earlier(self.paid_at, other.paid_at),
            refunded_minor=max(self.refunded_minor, other.refunded_minor),
            refunded_at=_earlier(self.refunded_at, other.refunded_at),
            failed_at=_earlier(self.failed_at, other.failed_at),
            withdrawn=self.withdrawn or other.withdrawn,
        )

    def status(self, amount_minor: int) -> PurchaseStatus:
        """What an order of this amount is. A refund of what is not paid yet waits until it is."""
        if self.paid_at is None:
            return PurchaseStatus.CREATED if self.failed_at is None else PurchaseStatus.FAILED
        if self.withdrawn or (self.refunded_minor >= amount_minor > 0):
            return PurchaseStatus.REFUNDED
        return PurchaseStatus.PART_REFUNDED if self.refunded_minor else PurchaseStatus.PAID

    def fields(self) -> dict[str, Any]:
        """As a document's fields."""
        return {name: getattr(self, name) for name in self.__slots__}


def take(order: Purchase, event: ProviderEvent, now: datetime) -> Change | None:
    """Join what the provider tells of an order.

    Raises:
        Contradiction: it cannot be about this order.
    """
    _check(order, event)
    fields = {} if order.provider_ref or event.reference is None else {"provider_ref": event.reference}
    if event.kind is PaymentEventKind.REFUND_FAILED:
        fields |= with_failed(order, event.refund_id)
        return Change(fields) if fields else None
    return join(order, _news(event), now, fields)


def join(order: Purchase, news: Money, now: datetime, also: Mapping[str, Any] | None = None) -> Change | None:
    """Join what is new about an order's money, and tell what the world has to know of it."""
    before = Money.of(order)
    after = before.joined(news)
    fields: dict[str, Any] = dict(also or {})
    if after != before:
        fields |= {**after.fields(), "status": after.status(order.amount_minor)}
    told = _told(order, before, after, reason_of(fields.get("refunds", order.refunds)))
    if told:
        fields["settle_due"] = now + GRACE
    return Change(fields, told) if fields else None


def ask_back(order: Purchase, refund: PurchaseRefund, now: datetime) -> Change:
    """Note that money is to be given back; what cost nothing is taken back with the same write.

    Raises:
        NotRefundable, RefundTooLarge: there is not that much to give back.
    """
    asked = {"refunds": with_request(order, refund)}
    if order.amount_minor:
        return Change({**asked, "settle_due": now + GRACE})
    refund.status = RefundStatus.ACCEPTED.value
    return join(order, Money(withdrawn=True, refunded_at=now), now, asked) or Change(asked)


def is_paid(order: Purchase) -> bool:
    """Whether the order was paid, whatever was given back since."""
    return order.paid_at is not None


def is_given_back(order: Purchase) -> bool:
    """Whether nothing of it is left."""
    return bool(order.status == PurchaseStatus.REFUNDED.value)


def _check(order: Purchase, event: ProviderEvent) -> None:
    if event.purchase_id not in (None, order.id):
        raise Contradiction(f"order {order.id} is paid by {event.reference}, the event names {event.purchase_id}")
    if event.reference is not None and order.provider_ref not in (None, event.reference):
        raise Contradiction(f"order {order.id} is paid by {order.provider_ref}, the event is of {event.reference}")
    if event.currency is not None and event.currency != order.currency:
        raise Contradiction(f"order {order.id} is in {order.currency}, the event in {event.currency}")
    if event.kind is PaymentEventKind.PAID and event.amount_minor != order.amount_minor:
        raise Contradiction(f"order {order.id} is of {order.amount_minor}, but {event.amount_minor} was paid")
    if event.kind is PaymentEventKind.REFUNDED and (event.refunded_minor or 0) > order.amount_minor:
        raise Contradiction(f"order {order.id} is of {order.amount_minor}, but {event.refunded_minor} was given back")


def _news(event: ProviderEvent) -> Money:
    if event.kind is PaymentEventKind.PAID:
        return Money(paid_minor=event.amount_minor or 0, paid_at=event.occurred_at)
    if event.kind is PaymentEventKind.REFUNDED:
        return Money(refunded_minor=event.refunded_minor or 0, refunded_at=event.occurred_at)
    return Money(failed_at=event.occurred_at) if event.kind is PaymentEventKind.FAILED else Money()


def _told(order: Purchase, before: Money, after: Money, reason: str) -> tuple[Event, ...]:
    """What leaves with this write: that it is paid, once; what was given back, each time that it is more."""
    if after.paid_at is None:
        return ()
    told: list[Event] = []
    known_minor, known_withdrawn = before.refunded_minor, before.withdrawn
    if before.paid_at is None:
        told.append(events.created(order, after.paid_at))
        known_minor, known_withdrawn = 0, False
    if after.refunded_minor > known_minor or after.withdrawn > known_withdrawn:
        full = after.status(order.amount_minor) is PurchaseStatus.REFUNDED
        at = after.refunded_at or after.paid_at
        told.append(events.refunded(order, at, full=full, reason=reason))
    return tuple(told)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)
