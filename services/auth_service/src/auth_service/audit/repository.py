"""The only door to audit entries: it lets new ones in and shows those that are there."""

from typing import Any

from auth_service.models import AuditEntry
from lyceum_database import Clock, Repository, utc_now


class _Entries(Repository[AuditEntry]):
    def newest(self, *, before_id: str | None, limit: int, **equals: Any) -> list[AuditEntry]:
        self._refuse_operators(equals)
        earlier = {} if before_id is None else {"pk__lt": before_id}
        return self._select(order="-pk", limit=limit, **equals, **earlier)


class AuditEntries:
    """Stored acts. There is no way to change or remove one."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        self._entries = _Entries(AuditEntry, clock=clock)

    def add(self, entry: AuditEntry) -> None:
        """Store an act."""
        self._entries.insert(entry)

    def page(self, *, org_id: str, after_id: str | None, limit: int, **equals: Any) -> list[AuditEntry]:
        """Return the organization's entries, the newest first."""
        return self._entries.newest(org_id=org_id, before_id=after_id, limit=limit, **equals)
