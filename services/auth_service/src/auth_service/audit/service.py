"""Writing acts down."""

from collections.abc import Callable

from auth_service.audit.repository import AuditEntries
from auth_service.callers import Caller
from auth_service.models import AuditEntry
from auth_service.states import AuditAction
from lyceum_database import Clock, utc_now

LONGEST_DETAIL = 500  # characters


class AuditLog:
    """Writes each act down after it took effect, and each refusal. No entry holds a password, token or address of mail.

    An act whose entry cannot be written answers with an error, so nobody relies on it unseen; it may have happened.
    """

    def __init__(
        self, entries: AuditEntries, *, told: Callable[[AuditAction], None] | None = None, clock: Clock = utc_now
    ) -> None:
        self._entries = entries
        self._told = told
        self._clock = clock

    def page(self, org_id: str, *, after_id: str | None, limit: int, **equals: str) -> list[AuditEntry]:
        """Return the organization's entries, the newest first."""
        return self._entries.page(org_id=org_id, after_id=after_id, limit=limit, **equals)

    def record(
        self,
        action: AuditAction,
        *,
        org_id: str,
        caller: Caller,
        actor_id: str | None = None,
        target_id: str | None = None,
        **details: str,
    ) -> None:
        """Write an act down.

        Args:
            action: what was done, or refused.
            org_id: whose administrators may read it.
            caller: where the request came from.
            actor_id: who did it; None for somebody unknown.
            target_id: to what.
            details: in short words.
        """
        if self._told is not None:
            self._told(action)
        self._entries.add(
            AuditEntry(
                action=action.value,
                at=self._clock(),
                org_id=org_id,
                actor_id=actor_id,
                target_id=target_id,
                address=caller.address,
                details={name: text[:LONGEST_DETAIL] for name, text in details.items()},
            )
        )
