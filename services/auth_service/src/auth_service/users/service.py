"""Giving roles to people, and keeping people out."""

from dataclasses import dataclass

from auth_service.audit.service import AuditLog
from auth_service.callers import Caller
from auth_service.organizations.administrators import Administrators
from auth_service.outbox import report
from auth_service.people import People
from auth_service.ports import Standings
from auth_service.roles.exceptions import UnknownRole
from auth_service.roles.repository import Roles
from auth_service.roles.rules import check_grant
from auth_service.sessions import rules as sessions_rules
from auth_service.sessions.service import SessionService
from auth_service.states import AuditAction
from auth_service.users import rules
from auth_service.users.plan import Account, Plan
from lyceum_contracts import UserRoleChanged, UserSuspended
from lyceum_database import Clock, NotFound, Role, User, utc_now
from lyceum_database.keys import email_key
from lyceum_web.security import Principal


@dataclass(frozen=True, slots=True)
class Member:
    """A person, with the roles that they have in one organization."""

    user: User
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberFilter:
    """Which members to list; None for all.

    Attributes:
        email: in whatever spelling.
        status: of the account.
        role: name of a role of the organization.
    """

    email: str | None = None
    status: str | None = None
    role: str | None = None

    def equals(self, role_id: str | None) -> dict[str, str]:
        """Return what the stored fields have to equal, with the id of the role."""
        return {
            **({} if self.email is None else {"email_norm": email_key(self.email)}),
            **({} if self.status is None else {"status": self.status}),
            **({} if role_id is None else {"roles": role_id}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """What is to be different; None stays as it is.

    Attributes:
        status: whether the person may sign in, anywhere.
        roles: names of all roles that they have in this organization from now on.
        reason: why, for the record and for those who read the event.
    """

    status: str | None = None
    roles: frozenset[str] | None = None
    reason: str = ""


class UserService:
    """People of an organization, in the hands of those who look after it."""

    def __init__(
        self,
        *,
        people: People,
        roles: Roles,
        administrators: Administrators,
        sessions: SessionService,
        standings: Standings,
        audit: AuditLog,
        clock: Clock = utc_now,
    ) -> None:
        self._people = people
        self._roles = roles
        self._administrators = administrators
        self._sessions = sessions
        self._standings = standings
        self._audit = audit
        self._clock = clock

    def page(self, org_id: str, *, after_id: str | None, limit: int, only: MemberFilter) -> list[Member]:
        """Return members of the organization."""
        role = None if only.role is None else self._roles.by_name(only.role, org_id=org_id)
        if role is None and only.role is not None:
            return []
        equals = only.equals(None if role is None else role.id)
        users = self._people.page_of(org_id, after_id=after_id, limit=limit, **equals)
        held = {role_id for user in users for role_id in user.roles}
        roles = self._roles.of(held, org_id=org_id)
        return [Member(user, tuple(role for role in roles if role.id in user.roles)) for user in users]

    def get(self, user_id: str, org_id: str) -> Member:
        """Return a member of the organization.

        Raises:
            NotFound: the organization has no such member.
        """
        user = self._people.member(user_id, org_id)
        if user is None:
            raise NotFound(f"no User {user_id}", model=User.__name__, record_id=user_id)
        return Member(user, tuple(self._roles.of(user.roles, org_id=org_id)))

    def change(self, member: Member, change: MemberChange, *, by: Principal, caller: Caller) -> Member:
        """Change somebody who was read. It counts at once in this process, and within seconds elsewhere.

        Raises:
            Escalation: whoever acts has not all permissions that the person has, or would have.
            UnknownRole: the organization has no such role.
            ImpossibleStatus, NotYourself, MemberElsewhere: the status cannot be changed so.
            LastAdministrator: an organization would be left without one.
            StaleVersion: somebody changed the person meanwhile.
        """
        plan = self._plan(member, change, by)
        if plan.idle:
            return member
        user = member.user
        with self._administrators.without(user.id, plan.left):
            self._write(user, plan, by)
        self._standings.forget_all()
        self._tell(user.id, plan, by, caller)
        return Member(user, plan.roles)

    def _plan(self, member: Member, change: MemberChange, by: Principal) -> Plan:
        user, wanted = member.user, self._wanted(member, change.roles, by.org_id)
        check_grant(by.permissions, *(role.permissions for role in (*member.roles, *wanted)))
        status = change.status or user.status
        if status != user.status:
            rules.check_status(user.status, status)
            rules.check_reach(
                actor_id=by.user_id,
                org_id=by.org_id,
                held=by.permissions,
                user_id=user.id,
                org_ids=user.org_ids,
            )
        return Plan(Account.of(user), member.roles, wanted, status, change.reason, by.org_id)

    def _wanted(self, member: Member, names: frozenset[str] | None, org_id: str) -> tuple[Role, ...]:
        if names is None:
            return member.roles
        found = tuple(self._roles.named(names, org_id=org_id))
        missing = names - {role.name for role in found}
        if missing:
            raise UnknownRole(missing)
        return found

    def _write(self, user: User, plan: Plan, by: Principal) -> None:
        now = self._clock()
        if plan.regraded:
            user.roles = plan.role_ids
            changed = UserRoleChanged(user_id=user.id, roles=plan.names, by=by.user_id, changed_at=now)
            report(user, changed, org_id=by.org_id, now=now)
        if plan.suspends:
            suspended = UserSuspended(user_id=user.id, by=by.user_id, reason=plan.reason, suspended_at=now)
            report(user, suspended, org_id=by.org_id, now=now)
        if plan.status != user.status:
            sessions_rules.end_all(user)
        user.status = plan.status
        self._people.save(user)

    def _tell(self, user_id: str, plan: Plan, by: Principal, caller: Caller) -> None:
        if plan.regraded:
            self._record(AuditAction.USER_ROLES_CHANGED, user_id, by, caller, roles=", ".join(plan.names))
        if plan.suspends:
            self._record(AuditAction.USER_SUSPENDED, user_id, by, caller, reason=plan.reason)
            self._sessions.tidy(user_id, reason="account suspended", caller=caller, by=by.user_id)
        if plan.reactivates:
            self._record(AuditAction.USER_REACTIVATED, user_id, by, caller, reason=plan.reason)

    def _record(self, action: AuditAction, user_id: str, by: Principal, caller: Caller, **details: str) -> None:
        self._audit.record(action, org_id=by.org_id, caller=caller, actor_id=by.user_id, target_id=user_id, **details)
