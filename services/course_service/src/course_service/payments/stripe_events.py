"""Reads Stripe's events, and only what is acted upon: most of an event describes cards and people.

https://docs.stripe.com/api/events/types
"""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from course_service.payments.exceptions import UnreadableEvent
from course_service.payments.provider import ProviderEvent
from course_service.states import PaymentEventKind
from lyceum_database import is_id

LONGEST_NAME = 255
"""Characters of an id of Stripe's, by its own documentation."""

LONGEST_TYPE = 100


def read_event(raw: bytes) -> ProviderEvent:
    """Read a delivery whose signature was found good.

    Raises:
        UnreadableEvent: says which member is not as documented; quotes no value.
    """
    event = _object(raw)
    told = _member(event, "data", dict).get("object")
    event_type = _text(event, "type", LONGEST_TYPE)
    common: dict[str, Any] = {
        "event_id": _text(event, "id", LONGEST_NAME),
        "event_type": event_type,
        "occurred_at": _moment(event),
    }
    reader = _READERS.get(event_type)
    if reader is None:
        return ProviderEvent(kind=PaymentEventKind.OTHER, **common)
    if not isinstance(told, dict):
        raise UnreadableEvent("data.object: missing")
    specific = reader(told)
    return ProviderEvent(**common, **specific)


def _paid(intent: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": PaymentEventKind.PAID,
        "reference": _text(intent, "id", LONGEST_NAME),
        "amount_minor": _amount(intent, "amount_received"),
        "currency": _currency(intent),
        **_ours(intent),
    }


def _failed(intent: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": PaymentEventKind.FAILED, "reference": _text(intent, "id", LONGEST_NAME), **_ours(intent)}


def _refunded(charge: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kind": PaymentEventKind.REFUNDED,
        "reference": _reference(charge),
        "refunded_minor": _amount(charge, "amount_refunded"),
        "currency": _currency(charge),
        **_ours(charge),
    }


def _refund_changed(refund: Mapping[str, Any]) -> dict[str, Any]:
    """A refund that a bank sent back; every other change of one is told by `charge.refunded`."""
    if refund.get("status") != "failed":
        return {"kind": PaymentEventKind.OTHER}
    return {"kind": PaymentEventKind.REFUND_FAILED, "reference": _reference(refund), **_ours(refund)}


_READERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = MappingProxyType(
    {
        "payment_intent.succeeded": _paid,
        "payment_intent.payment_failed": _failed,
        "payment_intent.canceled": _failed,
        "charge.refunded": _refunded,
        "refund.failed": _refund_changed,
        "charge.refund.updated": _refund_changed,
    }
)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        raise UnreadableEvent("the body is no JSON") from None
    if not isinstance(event, dict) or event.get("object") != "event":
        raise UnreadableEvent("the body is no event")
    return event


def _member(told: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    value = told.get(name)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise UnreadableEvent(f"{name}: missing, or of another kind than documented")
    return value


def _text(told: Mapping[str, Any], name: str, longest: int) -> str:
    text: str = _member(told, name, str)
    if not 0 < len(text) <= longest or not text.isprintable():
        raise UnreadableEvent(f"{name}: give 1 to {longest} printable characters")
    return text


def _amount(told: Mapping[str, Any], name: str) -> int:
    amount: int = _member(told, name, int)
    if not 0 <= amount < 2**63:
        raise UnreadableEvent(f"{name}: no amount")
    return amount


def _currency(told: Mapping[str, Any]) -> str:
    currency: str = _member(told, "currency", str).upper()
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha():  # noqa: PLR2004 - ISO 4217
        raise UnreadableEvent("currency: no currency")
    return currency


def _moment(event: Mapping[str, Any]) -> datetime:
    try:
        return datetime.fromtimestamp(_member(event, "created", int), UTC)
    except (OverflowError, ValueError, OSError):
        raise UnreadableEvent("created: no moment") from None


def _reference(told: Mapping[str, Any]) -> str | None:
    """The payment of a charge or refund: its id, or all of it where the endpoint expands it; none in old accounts."""
    intent = told.get("payment_intent")
    if isinstance(intent, dict):
        return _text(intent, "id", LONGEST_NAME)
    return None if intent is None else _text(told, "payment_intent", LONGEST_NAME)


def _ours(told: Mapping[str, Any]) -> dict[str, Any]:
    """What we gave Stripe along: which order, which refund. Others may use the account, so anything may stand there."""
    metadata = told.get("metadata")
    given = metadata if isinstance(metadata, dict) else {}
    return {name: given[name] for name in ("purchase_id", "refund_id") if is_id(given.get(name))}
