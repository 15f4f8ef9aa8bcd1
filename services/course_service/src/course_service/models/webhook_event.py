"""What a payment provider told, kept from before it is acknowledged until long after it was acted upon."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import StringField

from course_service.states import PaymentEventKind, WebhookStatus
from lyceum_database import IdField, MomentField, Record, StateField, UniqueKey, WholeField

KEPT_DAYS = 400
"""A year, and the month that it takes to ask about it."""


class WebhookEvent(Record):
    """One event, once per provider and event id. Of its body only what is acted upon is kept: the rest describes cards.

    Attributes:
        event_type: in the provider's words.
        kind: in ours.
        reference: the payment, as the provider calls it.
        purchase_id: the order that the payment was made for, if the event says it.
        amount_minor: what was paid.
        refunded_minor: what was given back so far, in all.
        body_sha256: of the body as it came, to compare with what the provider shows.
        tries: times that it was acted upon, without or with success.
        due: when a sweep tries next; absent when there is nothing left to do.
        outcome: what came of it, or why nothing did yet, in a line.
    """

    provider: str = StringField(required=True, regex=r"\A[a-z][a-z0-9_]{0,31}\Z")
    event_id: str = StringField(required=True, min_length=1, max_length=255)
    event_key: str | None = UniqueKey("provider", "event_id")
    event_type: str = StringField(required=True, min_length=1, max_length=100)
    kind: str = StateField(PaymentEventKind, required=True)
    reference: str | None = StringField(max_length=255)
    purchase_id: str | None = IdField(references="Purchase")
    amount_minor: int | None = WholeField(min_value=0)
    refunded_minor: int | None = WholeField(min_value=0)
    currency: str | None = StringField(regex=r"\A[A-Z]{3}\Z")
    refund_id: str | None = IdField()
    occurred_at: datetime = MomentField(required=True)
    body_sha256: str = StringField(required=True, regex=r"\A[0-9a-f]{64}\Z")
    received_at: datetime = MomentField(required=True)
    tries: int = WholeField(required=True, default=0, min_value=0)
    due: datetime | None = MomentField()
    processed_at: datetime | None = MomentField()
    outcome: str | None = StringField(max_length=500)
    status: str = StateField(WebhookStatus, default=WebhookStatus.RECEIVED, required=True)

    meta: ClassVar[dict[str, Any]] = {
        "collection": "webhook_events",
        "indexes": [
            {"fields": ["due"], "sparse": True},
            ("status", "received_at"),
            {"fields": ["received_at"], "expireAfterSeconds": KEPT_DAYS * 24 * 3600},
        ],
    }
