"""What a person is told, once, on every channel that he wants."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import EmbeddedDocumentField, MapField, StringField

from lyceum_database.documents import Record
from lyceum_database.fields import FlagField, IdField, MomentField, StateField, UniqueKey
from lyceum_database.models.channel_delivery import ChannelDelivery
from lyceum_database.states import NotificationStatus


class Notification(Record):
    """One fact for one person; `dedupe_key` keeps a repeated event from telling it twice.

    `channels` maps a `Channel` to its delivery. The text is made from `title_key` and `params` in the reader's own
    language.
    """

    user_id: str = IdField(required=True, references="User")
    type: str = StringField(required=True, min_length=1, max_length=64)
    dedupe_key: str = StringField(required=True, min_length=1, max_length=200)
    user_dedupe_key: str | None = UniqueKey("user_id", "dedupe_key")
    title_key: str = StringField(required=True, min_length=1, max_length=128)
    params: dict[str, str] = MapField(StringField(max_length=500))
    channels: dict[str, ChannelDelivery] = MapField(EmbeddedDocumentField(ChannelDelivery))
    critical: bool = FlagField(default=False)
    seen_at: datetime | None = MomentField()
    read_at: datetime | None = MomentField()
    expires_at: datetime | None = MomentField()
    status: str = StateField(NotificationStatus, default=NotificationStatus.QUEUED, required=True)

    meta: ClassVar[dict[str, Any]] = {
        "collection": "notifications",
        "indexes": [("user_id", "read_at", "-created_at"), {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }
