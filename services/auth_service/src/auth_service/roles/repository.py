"""The door to roles, with what only this service does there."""

import logging
from collections.abc import Iterable

from auth_service.roles.builtin import builtin_roles
from lyceum_database import Duplicate, Role, RoleRepository, StaleVersion
from lyceum_database.states import RoleScope

log = logging.getLogger(__name__)


class Roles(RoleRepository):
    """Roles of organizations."""

    def of(self, role_ids: Iterable[str], *, org_id: str) -> list[Role]:
        """Return those of these roles that count in the whole of the organization, by name."""
        counting = [role for role in self.many(role_ids) if role.org_id == org_id and role.scope == RoleScope.ORG.value]
        return sorted(counting, key=lambda role: role.name)

    def named(self, names: Iterable[str], *, org_id: str) -> list[Role]:
        """Return the organization's roles with these names; left out are those of no such name or for a course."""
        return self._select(order="name", org_id=org_id, name__in=list(names), scope=RoleScope.ORG.value)

    def ensure_builtin(self, *org_ids: str) -> None:
        """Give organizations the built-in roles, as this release defines them; any number may do so at one time."""
        wanted = {role.id: role for org_id in org_ids for role in builtin_roles(org_id)}
        found = {role.id: role for role in self.many(wanted)}
        for role_id, role in wanted.items():
            if role_id in found:
                self._renew(found[role_id], role)
            else:
                self._add(role)

    def _add(self, wanted: Role) -> None:
        try:
            self.insert(wanted)
        except Duplicate as exc:
            if exc.record_id != wanted.id:
                # An older release let the organization take the name: its holders must not gain what nobody gave them.
                text = "organization %s has a role %s of its own: it goes without the built-in one"
                log.warning(text, wanted.org_id, wanted.name, extra={"action": "builtin_role"})

    def _renew(self, found: Role, wanted: Role) -> None:
        if list(found.permissions) == list(wanted.permissions) and found.builtin:
            return
        found.permissions, found.builtin = wanted.permissions, True
        try:
            self.save(found)
        except StaleVersion:
            return  # another replica of some release did the same at the same moment
