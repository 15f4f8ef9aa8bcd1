"""A person: student, trainer, administrator."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import DictField, EmailField, ListField, StringField

from lyceum_database.documents import Record
from lyceum_database.fields import FlagField, IdField, MomentField, StateField, UniqueKey, WholeField
from lyceum_database.keys import normalised_email, normalised_phone
from lyceum_database.states import UserStatus


class User(Record):
    """A person of one or more organizations. What a trainer teaches is kept with the allocation, not here."""

    email: str | None = EmailField(max_length=254, allow_utf8_user=True)  # RFC 6531
    email_norm: str | None = UniqueKey("email", normalise=normalised_email)
    phone: str | None = StringField(max_length=32)
    phone_norm: str | None = UniqueKey("phone", normalise=normalised_phone)
    name: str = StringField(required=True, min_length=1, max_length=200)
    locale: str = StringField(default="en", max_length=35)
    tz: str = StringField(default="UTC", max_length=64)
    roles: list[str] = ListField(IdField(references="Role"))
    org_ids: list[str] = ListField(IdField(references="Organization"))
    status: str = StateField(UserStatus, default=UserStatus.INVITED, required=True)
    password_hash: str | None = StringField()
    mfa: bool = FlagField(default=False)
    last_login_at: datetime | None = MomentField()
    session_epoch: int = WholeField(default=0, min_value=0)  # sessions of another epoch have ended, all in one write
    spared_session: str | None = IdField(references="Session")  # but for this one
    outbox: list[dict[str, Any]] = ListField(DictField())
    outbox_due: datetime | None = MomentField()

    meta: ClassVar[dict[str, Any]] = {
        "collection": "users",
        "indexes": ["roles", ("org_ids", "id"), {"fields": ["outbox_due"], "sparse": True}],
    }
