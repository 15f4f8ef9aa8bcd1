"""A file that belongs to a message, a doubt or a reply."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import StringField

from chat_service.states import AttachmentPurpose, AttachmentStatus
from lyceum_database import IdField, MomentField, Record, StateField, UniqueKey, WholeField


class MediaAttachment(Record):
    """Announced, uploaded, checked. The name under which it is stored is never the one that the user gave.

    `refs` counts what refers to it; `expires_at` exists only while nothing does, and then removes the announcement.
    `declared_type` is what the client said, `sniffed_type` what the bytes are.
    """

    owner_id: str = IdField(required=True, references="User")
    purpose: str = StateField(AttachmentPurpose, default=AttachmentPurpose.CHAT, required=True)
    name: str = StringField(required=True, min_length=1, max_length=255)
    store: str = StringField(required=True, min_length=1, max_length=32)
    key: str = StringField(required=True, min_length=1, max_length=512)
    store_key: str | None = UniqueKey("store", "key")
    size_bytes: int = WholeField(required=True, min_value=0)
    declared_type: str | None = StringField(max_length=127)
    sniffed_type: str | None = StringField(max_length=127)
    sha256: str | None = StringField(regex=r"\A[0-9a-f]{64}\Z")
    refs: int = WholeField(required=True, default=0, min_value=0)
    expires_at: datetime | None = MomentField()
    status: str = StateField(AttachmentStatus, default=AttachmentStatus.ANNOUNCED, required=True)

    meta: ClassVar[dict[str, Any]] = {
        "collection": "media_attachments",
        "indexes": [("owner_id", "created_at"), {"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }
