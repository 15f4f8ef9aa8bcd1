"""Making somebody an administrator by hand: the first one of an organization, whom nobody could have invited."""

from auth_service.accounts.new_account import NewAccount, registered
from auth_service.audit.service import AuditLog
from auth_service.callers import Caller
from auth_service.contention import until_settled
from auth_service.outbox import report
from auth_service.passwords.hashing import PasswordHasher
from auth_service.passwords.policy import PasswordRules
from auth_service.people import People
from auth_service.roles.builtin import ADMIN, role_id
from auth_service.roles.repository import Roles
from auth_service.states import AuditAction
from auth_service.users.exceptions import ImpossibleStatus
from lyceum_contracts import UserRoleChanged
from lyceum_database import Clock, Organization, User, utc_now
from lyceum_database.states import UserStatus

OPERATOR = "operator"
"""Who did it, in events and in the audit log: whoever can run commands on the servers."""


class Appointing:
    """Administrators, appointed by an operator."""

    def __init__(
        self,
        *,
        people: People,
        roles: Roles,
        hasher: PasswordHasher,
        rules: PasswordRules,
        audit: AuditLog,
        clock: Clock = utc_now,
    ) -> None:
        self._people = people
        self._roles = roles
        self._hasher = hasher
        self._rules = rules
        self._audit = audit
        self._clock = clock

    def create(self, account: NewAccount, organization: Organization) -> User:
        """Make an account that administers the organization.

        Raises:
            WeakPassword: the password would be guessed.
            Duplicate: the address has an account.
        """
        self._rules.check(account.password, personal=(account.name, account.email))
        password_hash = self._hasher.hash(account.password)
        user = registered(account, password_hash, org_id=organization.id, role=ADMIN, now=self._clock())
        self._people.insert(user)
        self._record(AuditAction.SIGNED_UP, user, organization)
        return user

    def promote(self, user_id: str, organization: Organization) -> bool:
        """Give an account the organization's administrator role; False if it has it.

        Raises:
            ImpossibleStatus: the account may not sign in.
        """
        changed = until_settled(lambda: self._promote(user_id, organization))
        if changed is not None:
            self._record(AuditAction.USER_ROLES_CHANGED, changed, organization)
        return changed is not None

    def _promote(self, user_id: str, organization: Organization) -> User | None:
        user, admin = self._people.get(user_id), role_id(organization.id, ADMIN)
        if user.status != UserStatus.ACTIVE.value:
            raise ImpossibleStatus(user.status, UserStatus.ACTIVE.value)
        if admin in user.roles and organization.id in user.org_ids:
            return None
        user.roles = [*(one for one in user.roles if one != admin), admin]
        user.org_ids = [*(one for one in user.org_ids if one != organization.id), organization.id]
        now, names = self._clock(), tuple(role.name for role in self._roles.of(user.roles, org_id=organization.id))
        changed = UserRoleChanged(user_id=user.id, roles=names, by=OPERATOR, changed_at=now)
        report(user, changed, org_id=organization.id, now=now)
        return self._people.save(user)

    def _record(self, action: AuditAction, user: User, organization: Organization) -> None:
        self._audit.record(
            action, org_id=organization.id, caller=Caller(), actor_id=OPERATOR, target_id=user.id, roles=ADMIN
        )
