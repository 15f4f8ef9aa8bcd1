"""The door to roles."""

from collections.abc import Iterable

from lyceum_database.clock import Clock, utc_now
from lyceum_database.documents import DEFAULT_ORG
from lyceum_database.models.role import Role
from lyceum_database.repository import Repository


class RoleRepository(Repository[Role]):
    """Roles, found by id or by name in their organization."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Role, clock=clock)

    def by_name(self, name: str, *, org_id: str = DEFAULT_ORG) -> Role | None:
        """Return the organization's role of this name, or None."""
        return self._first(org_id=org_id, name=name)

    def many(self, role_ids: Iterable[str]) -> list[Role]:
        """Return the roles with these ids, in one question; ids that name no role are left out."""
        return self._select(order="pk", pk__in=list(role_ids))
