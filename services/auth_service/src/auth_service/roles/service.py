"""Roles of an organization's own."""

from collections.abc import Iterable

from auth_service.audit.service import AuditLog
from auth_service.callers import Caller
from auth_service.ports import Standings
from auth_service.roles.exceptions import BuiltinRole, RoleNameTaken
from auth_service.roles.repository import Roles
from auth_service.roles.rules import check_grant
from auth_service.states import AuditAction
from lyceum_database import Duplicate, Role
from lyceum_web.security import Principal


class RoleService:
    """Makes and changes roles; nobody puts into one what they have not themselves."""

    def __init__(self, roles: Roles, standings: Standings, audit: AuditLog) -> None:
        self._roles = roles
        self._standings = standings
        self._audit = audit

    def page(self, org_id: str, *, after_id: str | None, limit: int) -> list[Role]:
        """Return the organization's roles."""
        return self._roles.list_(org_id=org_id, after_id=after_id, limit=limit)

    def get(self, role_id: str, org_id: str) -> Role:
        """Return one of the organization's roles.

        Raises:
            NotFound: it has no such role.
        """
        return self._roles.get(role_id, org_id=org_id)

    def create(self, role_id: str, name: str, permissions: Iterable[str], *, by: Principal, caller: Caller) -> Role:
        """Make a role of this id.

        Raises:
            Escalation: it would permit more than its maker may.
            RoleNameTaken: the organization has one of this name.
            Duplicate: there is a role of this id.
        """
        wanted = _ordered(permissions)
        check_grant(by.permissions, wanted)
        try:
            made = self._roles.insert(Role(id=role_id, org_id=by.org_id, name=name, permissions=wanted))
        except Duplicate as exc:
            if exc.record_id == role_id:
                raise
            raise RoleNameTaken(name) from exc
        self._record(AuditAction.ROLE_CREATED, made, by, caller, before=())
        return made

    def change(self, role: Role, permissions: Iterable[str], *, by: Principal, caller: Caller) -> Role:
        """Let a role that was read permit something else. It counts at once here, and within seconds elsewhere.

        Raises:
            BuiltinRole: the role is the platform's.
            Escalation: it permits, or would permit, more than whoever changes it may.
            StaleVersion: somebody changed it meanwhile.
        """
        if role.builtin:
            raise BuiltinRole(role.name)
        before, wanted = list(role.permissions), _ordered(permissions)
        check_grant(by.permissions, before, wanted)
        role.permissions = wanted
        saved = self._roles.save(role)
        self._standings.forget_all()
        self._record(AuditAction.ROLE_CHANGED, saved, by, caller, before=before)
        return saved

    def _record(self, action: AuditAction, role: Role, by: Principal, caller: Caller, *, before: Iterable[str]) -> None:
        now, then = set(role.permissions), set(before)
        self._audit.record(
            action,
            org_id=role.org_id,
            caller=caller,
            actor_id=by.user_id,
            target_id=role.id,
            role=role.name,
            added=", ".join(sorted(now - then)),
            removed=", ".join(sorted(then - now)),
        )


def _ordered(permissions: Iterable[str]) -> list[str]:
    return sorted(set(permissions))
