"""Where a push notification is sent to."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import StringField

from lyceum_database.documents import Record
from lyceum_database.fields import IdField, MomentField, StateField, UniqueKey, WholeField
from lyceum_database.states import DevicePlatform, DeviceTokenStatus


class DeviceToken(Record):
    """A push service's token for one app on one device; it moves to whoever signed in on that device last."""

    token_hash: str = StringField(required=True, min_length=1)
    token_key: str | None = UniqueKey("platform", "app", "token_hash")
    token: str = StringField(required=True, min_length=1, max_length=4096)
    platform: str = StateField(DevicePlatform, required=True)
    app: str = StringField(required=True, min_length=1, max_length=64)
    user_id: str = IdField(required=True, references="User")
    device_id: str = IdField(required=True)
    device_key: str | None = UniqueKey("user_id", "app", "device_id")
    locale: str = StringField(default="en", max_length=35)
    registered_at: datetime = MomentField(required=True)
    last_ok_at: datetime | None = MomentField()
    failures: int = WholeField(required=True, default=0, min_value=0)
    status: str = StateField(DeviceTokenStatus, default=DeviceTokenStatus.ACTIVE, required=True)

    meta: ClassVar[dict[str, Any]] = {"collection": "device_tokens", "indexes": ["last_ok_at", "user_id"]}
