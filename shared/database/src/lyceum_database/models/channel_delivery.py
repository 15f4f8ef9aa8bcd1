"""What became of a notification on one channel."""

from datetime import datetime

from mongoengine.fields import StringField

from lyceum_database.fields import MomentField, StateField
from lyceum_database.states import DeliveryStatus
from modelguard import EmbeddedDocument


class ChannelDelivery(EmbeddedDocument):
    """State of one channel, since when, and why it failed."""

    state: str = StateField(DeliveryStatus, default=DeliveryStatus.QUEUED, required=True)
    at: datetime | None = MomentField()
    error: str | None = StringField(max_length=500)
