"""What follows from an order: an enrolment, and refunds that the provider is asked for. Nothing is left half done.

Every write that has consequences sets `settle_due` with it; it goes only when all of them were written down, for
exactly the version that they follow from. So whoever dies in between, a sweep finds the order.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial

from course_service.changes import Change
from course_service.enrolments.service import EnrolmentService
from course_service.models import Purchase, PurchaseRefund
from course_service.payments.exceptions import PaymentError, ProviderRefused
from course_service.payments.provider import PaymentProvider, RefundRequest
from course_service.purchases import refunds, rules
from course_service.purchases.repository import PurchaseRepository
from lyceum_database import OUTAGES, Clock, Contended, until_settled, utc_now

log = logging.getLogger(__name__)

SHORTEST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = timedelta(hours=1)
"""Between two tries of a refund that the provider does not answer; each wait is as long as all before it."""

PAGE = 100


class Settling:
    """Sees to what orders bring about. Each step may be repeated, by any number of processes at once."""

    def __init__(
        self,
        orders: PurchaseRepository,
        enrolments: EnrolmentService,
        providers: Mapping[str, PaymentProvider],
        *,
        clock: Clock = utc_now,
    ) -> None:
        self._orders = orders
        self._enrolments = enrolments
        self._providers = providers
        self._clock = clock

    def enrol(self, order: Purchase) -> None:
        """Write down what the order means for the student's access; refunds that wait are left to the sweep.

        Raises:
            Contended: too many writers at once.
        """
        if rules.is_paid(order):
            given_back = order.id if rules.is_given_back(order) else None
            self._enrolments.purchases_changed(
                order.org_id, order.student_id, order.course_id, paid=order.id, given_back=given_back
            )
        if not refunds.unsent(order):
            self._orders.settled(order)

    def settle(self, order: Purchase) -> Purchase:
        """See to everything that the order brings about; returns it as it is then.

        Raises:
            ProviderUnavailable, ProviderGarbage: a refund waits to be asked for; everything else is done.
            Contended: too many writers at once.
        """
        try:
            current = self._with_refunds_sent(order)
        except PaymentError:
            self.enrol(order)
            raise
        self.enrol(current)
        return current

    def sweep(self) -> int:
        """Finish what others left; returns how many orders were looked at. One that fails holds up no other.

        Raises:
            Unavailable, AccessDenied, NotConnected: the database is away.
        """
        away: set[str] = set()
        count, some = 0, 1
        while some:
            due = self._orders.unsettled(self._clock(), limit=PAGE)
            some = sum(self._settle_alone(order, away) for order in due)
            count += some
        return count

    def _settle_alone(self, order: Purchase, away: set[str]) -> bool:
        """Settle one order; a provider that did not answer once is not asked again in this sweep."""
        if not self._orders.postpone(order, self._next_try(order)):
            return False
        extra = {"action": "settle_postponed", "purchase_id": order.id}
        try:
            (self.enrol if order.provider in away else self.settle)(order)
        except OUTAGES:
            raise
        except (PaymentError, Contended) as exc:
            if isinstance(exc, PaymentError):
                away.add(order.provider)
            log.warning("purchase %s is not settled yet: %s", order.id, exc, extra=extra)
        except Exception:
            log.exception("purchase %s could not be settled", order.id, extra=extra)
        return True

    def _next_try(self, order: Purchase) -> datetime:
        now = self._clock()
        since = refunds.waited_since(order)
        return now + (SHORTEST_WAIT if since is None else min(max(now - since, SHORTEST_WAIT), LONGEST_WAIT))

    def _with_refunds_sent(self, order: Purchase) -> Purchase:
        current = order
        for refund in refunds.unsent(order):
            current = self._send(current, refund)
        return current

    def _send(self, order: Purchase, refund: PurchaseRefund) -> Purchase:
        try:
            provider_ref = self._provider(order).refund(_request(order, refund))
        except ProviderRefused as exc:
            _say_refused(order, refund, exc.reason)
            return until_settled(partial(self._answered, order.id, refund.refund_id, None, exc.reason))
        return until_settled(partial(self._answered, order.id, refund.refund_id, provider_ref, None))

    def _answered(
        self, order_id: str, refund_id: str, provider_ref: str | None, failure: str | None
    ) -> Purchase | None:
        order = self._orders.get(order_id)
        changed = refunds.with_answer(order, refund_id, provider_ref=provider_ref, failure=failure)
        if changed is None:
            return order
        return order if self._orders.change(order, Change({"refunds": changed})) else None

    def _provider(self, order: Purchase) -> PaymentProvider:
        provider = self._providers.get(order.provider)
        if provider is None:
            raise PaymentError(f"payment provider {order.provider} is not set up here: set it up again")
        return provider


def _say_refused(order: Purchase, refund: PurchaseRefund, reason: str) -> None:
    extra = {"action": "refund_refused", "purchase_id": order.id}
    log.error("refund %s of purchase %s is refused: %s", refund.refund_id, order.id, reason, extra=extra)


def _request(order: Purchase, refund: PurchaseRefund) -> RefundRequest:
    return RefundRequest(
        refund_id=refund.refund_id,
        purchase_id=order.id,
        reference=order.provider_ref or "",
        amount_minor=refund.amount_minor,
        currency=order.currency,
        reason=refund.reason,
        refunded_before_minor=order.refunded_minor,
        asked_since=refund.requested_at,
    )
