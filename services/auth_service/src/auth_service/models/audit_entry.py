"""A security act, as it happened."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import MapField, StringField

from auth_service.states import AuditAction
from lyceum_database import IdField, MomentField, Record, StateField, refusal

KEPT_DAYS = 400
"""A year, and the month that it takes to ask about it."""


class AuditEntry(Record):
    """Who did what to whom, when and from where. It can be added, and nothing else: there is no second write."""

    at: datetime = MomentField(required=True)
    action: str = StateField(AuditAction, required=True)
    actor_id: str | None = IdField(references="User")
    target_id: str | None = IdField()
    address: str | None = StringField(max_length=45)
    details: dict[str, str] = MapField(StringField(max_length=500))

    meta: ClassVar[dict[str, Any]] = {
        "collection": "audit_entries",
        "indexes": [
            ("org_id", "id"),
            ("actor_id", "id"),
            ("target_id", "id"),
            {"fields": ["at"], "expireAfterSeconds": KEPT_DAYS * 24 * 3600},
        ],
    }

    def clean(self) -> None:
        """Refuse to be saved a second time."""
        if not self._created:
            raise refusal("id", "an audit entry is never changed")
        super().clean()
