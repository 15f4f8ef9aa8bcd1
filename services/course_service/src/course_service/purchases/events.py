"""What an order tells the world: the two events that allocation lives on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from course_service.models import Purchase
from lyceum_contracts import PurchaseCreated, PurchaseRefunded


def created(order: Purchase, paid_at: datetime) -> PurchaseCreated:
    """Tell that an order is paid.

    Raises:
        ContractError: the order names what no event can carry.
    """
    return PurchaseCreated.parse(
        {
            **_whose(order),
            "subject": order.subject,
            "language": order.language,
            "amount_minor": order.amount_minor,
            "currency": order.currency,
            "paid_at": paid_at,
            **_chosen(order),
        }
    )


def refunded(order: Purchase, at: datetime, *, full: bool, reason: str) -> PurchaseRefunded:
    """Tell that an order was given back, in full or in part."""
    return PurchaseRefunded.parse({**_whose(order), "full": full, "reason": reason, "refunded_at": at})


def _whose(order: Purchase) -> Mapping[str, Any]:
    return {"purchase_id": order.id, "student_id": order.student_id, "course_id": order.course_id}


def _chosen(order: Purchase) -> Mapping[str, Any]:
    """What the student said; an optional field that says nothing is left out of the event."""
    chosen: dict[str, Any] = {}
    if order.wants:
        chosen["wants"] = tuple(order.wants)
    if order.second_language is not None:
        chosen["second_language"] = order.second_language
    return chosen
