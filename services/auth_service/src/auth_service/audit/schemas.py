"""What the audit route writes."""

from typing import Annotated, Self

from pydantic import Field

from auth_service.models import AuditEntry
from auth_service.wire import ShownAddress, ShownId, ShownMoment
from lyceum_web.schemas import Answer


class AuditEntryShown(Answer):
    """A security act, to those who may look."""

    id: ShownId
    at: ShownMoment
    action: Annotated[str, Field(examples=["user_suspended"])]
    actor_id: ShownId | None
    target_id: ShownId | None
    address: ShownAddress | None
    details: Annotated[dict[str, str], Field(examples=[{"reason": "left the school"}])]

    @classmethod
    def of(cls, entry: AuditEntry) -> Self:
        """Show an entry."""
        return cls(
            id=entry.id,
            at=entry.at,
            action=entry.action,
            actor_id=entry.actor_id,
            target_id=entry.target_id,
            address=entry.address,
            details=dict(entry.details),
        )
