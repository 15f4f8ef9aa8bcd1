"""What may be given back of an order, and what was asked for. Pure."""

import hashlib
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from course_service.models import Purchase, PurchaseRefund
from course_service.models.purchase import MOST_REFUNDS
from course_service.purchases.exceptions import NotRefundable, RefundTooLarge
from course_service.states import PurchaseStatus, RefundStatus

BY_THE_PROVIDER = "given back through the payment provider"
"""The reason of a refund that nobody asked for here."""

_COUNTED = (RefundStatus.REQUESTED.value, RefundStatus.ACCEPTED.value)
_OPEN = (PurchaseStatus.PAID.value, PurchaseStatus.PART_REFUNDED.value)


def refund_id(order_id: str, key: str) -> str:
    """Name a refund by the idempotency key that it was asked for with: asked twice it is the same."""
    return hashlib.sha256(f"{order_id}\n{key}".encode()).hexdigest()[:40]


def asked_for(order: Purchase, wanted_id: str) -> PurchaseRefund | None:
    """Find a refund that was asked for."""
    return next((refund for refund in order.refunds if refund.refund_id == wanted_id), None)


def unsent(order: Purchase) -> list[PurchaseRefund]:
    """List refunds of which the provider may not know yet."""
    return [refund for refund in order.refunds if refund.status == RefundStatus.REQUESTED.value]


def refundable_minor(order: Purchase) -> int:
    """Return what is left to give back, in minor units: neither told by the provider nor asked for."""
    asked = sum(refund.amount_minor for refund in order.refunds if refund.status in _COUNTED)
    return int(max(0, order.paid_minor - max(asked, order.refunded_minor)))


def with_request(order: Purchase, refund: PurchaseRefund) -> list[PurchaseRefund]:
    """Return the order's refunds with one more.

    Raises:
        NotRefundable: nothing is paid, or nothing left.
        RefundTooLarge: more than is left.
    """
    if order.status not in _OPEN:
        raise NotRefundable(f"the purchase is {order.status}: there is nothing to give back")
    left_minor = refundable_minor(order)
    if order.amount_minor and not left_minor:
        raise NotRefundable("all that was paid was asked back already")
    if refund.amount_minor > left_minor or (refund.amount_minor == 0 and order.amount_minor):
        raise RefundTooLarge(f"give from 1 to {left_minor} {order.currency} in minor units")
    if len(order.refunds) >= MOST_REFUNDS:
        raise NotRefundable(f"{MOST_REFUNDS} refunds of one purchase are the most: give the rest back in one")
    return [*order.refunds, refund]


def with_answer(
    order: Purchase, wanted_id: str, *, provider_ref: str | None = None, failure: str | None = None
) -> list[PurchaseRefund] | None:
    """Return the order's refunds with the provider's answer to one; None if it is answered already."""
    found = asked_for(order, wanted_id)
    if found is None or found.status != RefundStatus.REQUESTED.value:
        return None
    status = RefundStatus.ACCEPTED if failure is None else RefundStatus.REFUSED

    def answered(refund: PurchaseRefund) -> None:
        refund.status, refund.provider_ref, refund.failure = status.value, provider_ref, failure

    return _changed(order, wanted_id, answered)


def with_failed(order: Purchase, wanted_id: str | None) -> dict[str, Any]:
    """Return the fields that note a refund that came back from the payer's bank; nothing if that is noted."""
    found = None if wanted_id is None else asked_for(order, wanted_id)
    if found is None or found.status == RefundStatus.FAILED.value:
        return {}

    def failed(refund: PurchaseRefund) -> None:
        refund.status = RefundStatus.FAILED.value

    return {"refunds": _changed(order, found.refund_id, failed)}


def waited_since(order: Purchase) -> datetime | None:
    """Return since when a refund waits to be sent."""
    return min((refund.requested_at for refund in unsent(order)), default=None)


def reason_of(asked_for: Iterable[PurchaseRefund]) -> str:
    """Return why money goes back: what was said when it was last asked for here."""
    asked = [refund.reason for refund in asked_for if refund.status != RefundStatus.REFUSED.value]
    return asked[-1] if asked else BY_THE_PROVIDER


def _changed(order: Purchase, wanted_id: str, change: Callable[[PurchaseRefund], None]) -> list[PurchaseRefund]:
    """Copy the order's refunds, one of them changed: what was read stays as it was read."""
    copies = [PurchaseRefund(**{name: getattr(one, name) for name in PurchaseRefund._fields}) for one in order.refunds]
    for copy in copies:
        if copy.refund_id == wanted_id:
            change(copy)
    return copies
