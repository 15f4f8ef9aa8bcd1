"""A person signed in on a device."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import DictField, ListField, StringField

from lyceum_database.documents import Record
from lyceum_database.fields import IdField, MomentField, StateField
from lyceum_database.states import SessionStatus


class Session(Record):
    """One refresh token, as a hash. All tokens that came from one sign-in share `family`, and end together."""

    user_id: str = IdField(required=True, references="User")
    family: str = IdField(required=True)
    refresh_hash: str = StringField(required=True, unique=True, min_length=1)
    prev_hash: str | None = StringField()
    device: str | None = StringField(max_length=200)
    ip: str | None = StringField(max_length=45)  # an IPv6 address with an embedded IPv4 one
    user_agent: str | None = StringField(max_length=512)
    issued_at: datetime = MomentField(required=True)
    expires_at: datetime = MomentField(required=True)
    revoked_at: datetime | None = MomentField()
    reason: str | None = StringField(max_length=200)
    status: str = StateField(SessionStatus, default=SessionStatus.LIVE, required=True)
    outbox: list[dict[str, Any]] = ListField(DictField())
    outbox_due: datetime | None = MomentField()

    meta: ClassVar[dict[str, Any]] = {
        "collection": "sessions",
        "indexes": [
            ("user_id", "expires_at"),
            "family",
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
            {"fields": ["outbox_due"], "sparse": True},
        ],
    }
