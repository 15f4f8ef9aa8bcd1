"""An order for a course, and what became of its money."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import DictField, EmbeddedDocumentListField, ListField, StringField

from course_service.models.purchase_refund import PurchaseRefund
from course_service.states import PurchaseStatus
from lyceum_database import FlagField, IdField, MomentField, Record, StateField, UniqueKey, WholeField

MOST_REFUNDS = 50
"""Of one order; whoever gives so little back so often has another problem."""


class Purchase(Record):
    """One click on `buy`: the same student with the same idempotency key has the same order, for ever.

    Amounts are in minor units of `currency`. What the provider told only grows: `paid_minor` and `refunded_minor` never
    fall, moments only become earlier. `status` follows from them. No field describes a card.

    Attributes:
        title: of the course when it was ordered; also what the payer reads, so asking the provider again says the same.
        amount_minor: the price when it was ordered.
        key_sha256: SHA-256 of the idempotency key.
        fingerprint: SHA-256 of what was ordered, so that a key cannot be used for something else.
        provider_ref: the payment, as the provider calls it; None until it was asked for one.
        withdrawn: a course that cost nothing was taken back.
        settle_due: when a sweep sees to what this order still has to bring about: an enrolment, a refund to be asked
            for. Absent when nothing is left to do.
    """

    student_id: str = IdField(required=True, references="User")
    course_id: str = IdField(required=True, references="Course")
    course_version: int | None = WholeField(min_value=1)
    title: str = StringField(required=True, min_length=1, max_length=200)
    subject: str = StringField(required=True, min_length=1, max_length=64)
    language: str = StringField(required=True, min_length=2, max_length=35)
    second_language: str | None = StringField(min_length=2, max_length=35)
    wants: list[int] = ListField(WholeField(min_value=0, max_value=335))
    amount_minor: int = WholeField(required=True, min_value=0)
    currency: str = StringField(required=True, regex=r"\A[A-Z]{3}\Z")
    key_sha256: str = StringField(required=True, regex=r"\A[0-9a-f]{64}\Z")
    order_key: str | None = UniqueKey("org_id", "student_id", "key_sha256")
    fingerprint: str = StringField(required=True, regex=r"\A[0-9a-f]{64}\Z")
    provider: str = StringField(required=True, regex=r"\A[a-z][a-z0-9_]{0,31}\Z")
    provider_ref: str | None = StringField(min_length=1, max_length=255)
    payment_key: str | None = UniqueKey("provider", "provider_ref")
    paid_minor: int = WholeField(required=True, default=0, min_value=0)
    paid_at: datetime | None = MomentField()
    refunded_minor: int = WholeField(required=True, default=0, min_value=0)
    refunded_at: datetime | None = MomentField()
    failed_at: datetime | None = MomentField()
    withdrawn: bool = FlagField(default=False)
    refunds: list[PurchaseRefund] = EmbeddedDocumentListField(PurchaseRefund, max_length=MOST_REFUNDS)
    status: str = StateField(PurchaseStatus, default=PurchaseStatus.CREATED, required=True)
    settle_due: datetime | None = MomentField()
    outbox: list[dict[str, Any]] = ListField(DictField())
    outbox_due: datetime | None = MomentField()

    meta: ClassVar[dict[str, Any]] = {
        "collection": "purchases",
        "indexes": [
            ("org_id", "student_id", "id"),
            ("org_id", "course_id", "id"),
            {"fields": ["settle_due"], "sparse": True},
            {"fields": ["outbox_due"], "sparse": True},
        ],
    }
