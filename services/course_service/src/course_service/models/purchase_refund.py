"""Money that somebody here asked the payment provider to give back."""

from datetime import datetime

from mongoengine.fields import StringField

from course_service.states import RefundStatus
from lyceum_database import IdField, MomentField, StateField, WholeField
from modelguard import EmbeddedDocument


class PurchaseRefund(EmbeddedDocument):
    """One request. What was really given back is `Purchase.refunded_minor`: it is the provider who says so."""

    refund_id: str = IdField(required=True)
    amount_minor: int = WholeField(required=True, min_value=0)
    reason: str = StringField(required=True, min_length=1, max_length=500)
    requested_by: str = IdField(required=True, references="User")
    requested_at: datetime = MomentField(required=True)
    provider_ref: str | None = StringField(max_length=255)
    failure: str | None = StringField(max_length=500)
    status: str = StateField(RefundStatus, default=RefundStatus.REQUESTED, required=True)
