"""Buying a course, and giving the money back."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from course_service.changes import Change
from course_service.enrolments.repository import EnrolmentRepository
from course_service.enrolments.rules import MOST_GRANTS
from course_service.models import Purchase, PurchaseRefund
from course_service.payments.exceptions import PaymentError
from course_service.payments.provider import Payment, PaymentProvider, PaymentRequest
from course_service.purchases import refunds, rules
from course_service.purchases.exceptions import KeyReused, PurchaseLimit
from course_service.purchases.offers import CourseOffers
from course_service.purchases.orders import Wanted, order_of
from course_service.purchases.repository import PurchaseRepository
from course_service.purchases.rules import Money
from course_service.purchases.settling import Settling
from course_service.states import PurchaseStatus
from lyceum_database import Clock, Duplicate, NotFound, until_settled, utc_now

_UNPAID = (PurchaseStatus.CREATED.value, PurchaseStatus.FAILED.value)


@dataclass(frozen=True, slots=True)
class Bought:
    """An order, and how to pay it.

    Attributes:
        payment: None if there is nothing to pay (any more).
        is_new: whether this click made the order; else an earlier one did.
    """

    order: Purchase
    payment: Payment | None
    is_new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundWish:
    """What somebody who may wants to give back.

    Attributes:
        key: the idempotency key: the same one again is the same refund.
        amount_minor: None for all that is left.
        by: user id of whoever wants it.
    """

    key: str
    amount_minor: int | None
    reason: str
    by: str


class PurchaseService:
    """Orders of students.

    Args:
        orders: where they are kept.
        enrolments: to see how often somebody bought the course.
        offers: what courses cost.
        providers: those whose payments there are, by name.
        provider: the one that new orders are paid with.
        settling: sees to what follows.
        clock: tells the time.
    """

    def __init__(
        self,
        *,
        orders: PurchaseRepository,
        enrolments: EnrolmentRepository,
        offers: CourseOffers,
        providers: Mapping[str, PaymentProvider],
        provider: str,
        settling: Settling,
        clock: Clock = utc_now,
    ) -> None:
        self._orders = orders
        self._enrolments = enrolments
        self._offers = offers
        self._providers = providers
        self._provider = provider
        self._settling = settling
        self._clock = clock

    def buy(self, wanted: Wanted) -> Bought:
        """Take an order, or find the one that this click made before, and ask the provider for its payment.

        The order is stored first: whatever becomes of the provider, the same key finds it again.

        Raises:
            NotFound: there is no such course.
            NotForSale, LanguageUnknown, PurchaseLimit: it is not sold, or not so.
            KeyReused: the key belongs to an order of something else.
            ProviderUnavailable, ProviderGarbage, ProviderRefused: there is an order, and no payment yet.
        """
        known = self._found(wanted)
        order, is_new = (known, False) if known else self._ordered(wanted)
        if order.fingerprint != wanted.fingerprint:
            raise KeyReused
        if order.status not in _UNPAID:
            if order.settle_due is not None:
                self._settling.enrol(order)
            return Bought(order, None, is_new)
        return self._with_payment(order, is_new=is_new)

    def get(self, order_id: str, *, org_id: str, student_id: str | None) -> Purchase:
        """Return an order; with `student_id`, only one of that student.

        Raises:
            NotFound: there is none.
        """
        order = self._orders.get(order_id, org_id=org_id)
        if student_id is not None and order.student_id != student_id:
            raise NotFound("no such purchase", model=Purchase.__name__, record_id=order_id)
        return order

    def refund(self, order_id: str, wish: RefundWish, *, org_id: str) -> Purchase:
        """Give money back: the wish is stored first, then the provider is asked; returns the order.

        What was given back counts once the provider tells of it. An order that cost nothing is taken back at once.

        Raises:
            NotFound: there is no such order.
            NotRefundable, RefundTooLarge: there is not that much to give back.
            KeyReused: the key belongs to another refund of this order.
            ProviderUnavailable, ProviderGarbage: the provider could not be asked; a sweep asks again.
        """
        order = until_settled(partial(self._wished, order_id, wish, org_id))
        return self._settling.settle(order)

    def _found(self, wanted: Wanted) -> Purchase | None:
        return self._orders.by_key(wanted.org_id, wanted.student_id, wanted.key_sha256)

    def _ordered(self, wanted: Wanted) -> tuple[Purchase, bool]:
        """Make the order, or find the one that the same click made a moment ago; also tells which of the two."""
        offer = self._offers.offer(wanted.course_id, wanted.org_id)
        self._check_limit(wanted)
        order = order_of(wanted, offer, provider=self._provider, now=self._clock())
        try:
            return self._put_free(order) if order.amount_minor == 0 else self._orders.insert(order), True
        except Duplicate:
            found = self._found(wanted)
            if found is None:
                raise
            return found, False

    def _put_free(self, order: Purchase) -> Purchase:
        """Store an order that is paid as soon as it is there."""
        now = self._clock()
        change = rules.join(order, Money(paid_at=now), now) or Change({})
        for name, value in change.fields.items():
            setattr(order, name, value)
        return self._orders.put(order, change.events)

    def _check_limit(self, wanted: Wanted) -> None:
        enrolment = self._enrolments.of(wanted.org_id, wanted.student_id, wanted.course_id)
        if enrolment is not None and len(enrolment.grants) >= MOST_GRANTS:
            raise PurchaseLimit(f"one student buys one course at most {MOST_GRANTS} times")

    def _with_payment(self, order: Purchase, *, is_new: bool) -> Bought:
        provider = self._providers.get(order.provider)
        if provider is None:
            raise PaymentError(f"payment provider {order.provider} is not set up here: order again with a new key")
        payment = provider.create_payment(_request(order))
        if order.provider_ref is None and not self._orders.change(order, Change({"provider_ref": payment.reference})):
            order = until_settled(partial(self._referred, order.id, payment.reference))
        return Bought(order, payment, is_new)

    def _referred(self, order_id: str, reference: str) -> Purchase | None:
        """Note which payment the order is paid by, unless an event of it or another click has told meanwhile."""
        order = self._orders.get(order_id)
        if order.provider_ref is not None:
            return order
        return order if self._orders.change(order, Change({"provider_ref": reference})) else None

    def _wished(self, order_id: str, wish: RefundWish, org_id: str) -> Purchase | None:
        order = self._orders.get(order_id, org_id=org_id)
        wanted_id = refunds.refund_id(order.id, wish.key)
        known = refunds.asked_for(order, wanted_id)
        if known is not None:
            if wish.reason != known.reason or wish.amount_minor not in (None, known.amount_minor):
                raise KeyReused
            return order
        now = self._clock()
        amount = refunds.refundable_minor(order) if wish.amount_minor is None else wish.amount_minor
        refund = PurchaseRefund(
            refund_id=wanted_id, amount_minor=amount, reason=wish.reason, requested_by=wish.by, requested_at=now
        )
        return order if self._orders.change(order, rules.ask_back(order, refund, now)) else None


def _request(order: Purchase) -> PaymentRequest:
    return PaymentRequest(
        purchase_id=order.id,
        org_id=order.org_id,
        amount_minor=order.amount_minor,
        currency=order.currency,
        description=order.title,
        reference=order.provider_ref,
    )
