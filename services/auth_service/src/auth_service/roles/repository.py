"""The door to roles, with what only this service does there."""

from collections.abc import Iterable

from auth_service.roles.builtin import builtin_roles
from lyceum_database import Duplicate, Role, RoleRepository, StaleVersion
from lyceum_database.states import RoleScope


class Roles(RoleRepository):
    """Roles of organizations."""

    def of(self, role_ids: Iterable[str], *, org_id: str) -> list[Role]:
        """Return those of these roles that count in the whole of the organization, by name."""
        counting = [role for role in self.many(role_ids) if role.org_id == org_id and role.scope == RoleScope.ORG.value]
        return sorted(counting, key=lambda role: role.name)

    def named(self, names: Iterable[str], *, org_id: str) -> list[Role]:
        """Return the organization's roles with these names; left out are those of no such name or for a course."""
        return self._select(order="name", org_id=org_id, name__in=list(names), scope=RoleScope.ORG.value)

    def ensure_builtin(self, org_id: str) -> None:
        """Give an organization the built-in roles, as this release defines them; any number may do so at one time."""
        for wanted in builtin_roles(org_id):
            try:
                self.insert(wanted)
            except Duplicate:
                self._renew(wanted)

    def _renew(self, wanted: Role) -> None:
        found = self.get(wanted.id)
        if list(found.permissions) == list(wanted.permissions) and found.builtin:
            return
        found.permissions, found.builtin = wanted.permissions, True
        try:
            self.save(found)
        except StaleVersion:
            return  # another replica of some release did the same at the same moment
