"""What came of a request that must have one effect, however often it is sent."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import BinaryField, ListField, StringField

from lyceum_database import IdField, MomentField, Record, StateField, WholeField
from lyceum_web.states import IdempotencyState


class IdempotencyRecord(Record):
    """One idempotency key of one caller on one route: its id is the digest of the three, so the key is not kept.

    `made_id` is the id of what the request makes, the same in every run. From `expires_at` on the record counts as
    absent; the database removes it some time later.
    """

    user_id: str | None = IdField(references="User")
    route: str = StringField(required=True, max_length=512)
    fingerprint: str = StringField(required=True, min_length=64, max_length=64)
    state: str = StateField(IdempotencyState, default=IdempotencyState.RUNNING, required=True)
    made_id: str = IdField(required=True)
    lease_until: datetime = MomentField(required=True)
    expires_at: datetime = MomentField(required=True)
    status_code: int | None = WholeField(min_value=200, max_value=499)
    headers: list[list[str]] = ListField(ListField(StringField()))
    body: bytes | None = BinaryField()

    meta: ClassVar[dict[str, Any]] = {
        "collection": "idempotency_records",
        "indexes": [{"fields": ["expires_at"], "expireAfterSeconds": 0}],
    }
