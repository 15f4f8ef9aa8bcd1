"""A person signed in on a device."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import DictField, ListField, StringField

from lyceum_database.documents import Record
from lyceum_database.fields import IdField, MomentField, StateField, WholeField
from lyceum_database.states import SessionStatus


class Session(Record):
    """One sign-in: its id is the `sid` of the access tokens, `org_id` the organization that they are for.

    All refresh tokens of a session hold its family's secret, and each one of its own, which every use replaces. What is
    stored are hashes. A token of the family that counts no longer was copied by somebody: its return ends the session.
    """

    user_id: str = IdField(required=True, references="User")
    epoch: int = WholeField(default=0, min_value=0)
    family_hash: str | None = StringField(min_length=1)
    refresh_hash: str = StringField(required=True, min_length=1)
    refreshed_at: datetime | None = MomentField()
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
            {"fields": ["expires_at"], "expireAfterSeconds": 0},
            {"fields": ["outbox_due"], "sparse": True},
        ],
    }
