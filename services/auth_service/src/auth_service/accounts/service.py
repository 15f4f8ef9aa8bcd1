"""What somebody sees and changes of themselves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial

from auth_service.accounts.exceptions import WrongPassword
from auth_service.audit.service import AuditLog
from auth_service.callers import Caller
from auth_service.contention import until_settled
from auth_service.passwords.exceptions import WeakPassword
from auth_service.passwords.hashing import PasswordHasher
from auth_service.passwords.policy import PasswordRules, normalised
from auth_service.people import People
from auth_service.sessions import rules
from auth_service.sessions.service import SessionService
from auth_service.states import AuditAction
from auth_service.throttling import Throttle
from lyceum_database import Organization, OrganizationRepository, User
from lyceum_database.keys import normalised_email


@dataclass(frozen=True, slots=True)
class Self:
    """A person, and the organization that they are signed in to."""

    user: User
    organization: Organization


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPassword:
    """The wish to have another password.

    Attributes:
        current: proves that it is the person who asks, not somebody at an open screen.
        new: the password to be.
        session_id: of the request; this session goes on, all others end.
    """

    user_id: str
    session_id: str
    org_id: str
    current: str = field(repr=False)
    new: str = field(repr=False)


class AccountService:
    """A signed-in person's own account."""

    def __init__(
        self,
        *,
        people: People,
        organizations: OrganizationRepository,
        sessions: SessionService,
        hasher: PasswordHasher,
        rules: PasswordRules,
        throttle: Throttle,
        audit: AuditLog,
    ) -> None:
        self._people = people
        self._organizations = organizations
        self._sessions = sessions
        self._hasher = hasher
        self._rules = rules
        self._throttle = throttle
        self._audit = audit

    def read(self, user_id: str, org_id: str) -> Self:
        """Return the person and the organization."""
        return Self(self._people.get(user_id), self._organizations.get(org_id))

    def change(self, user: User, changes: Mapping[str, str]) -> User:
        """Change name, locale or time zone of an account that was read.

        Raises:
            StaleVersion: somebody changed it meanwhile.
        """
        for name, value in changes.items():
            setattr(user, name, value)
        return self._people.save(user) if changes else user

    def change_password(self, wish: NewPassword, caller: Caller) -> None:
        """Store another password and end all other sessions: whoever knew the old one is out.

        Raises:
            Throttled: too many tries.
            WrongPassword: the current password is another one.
            WeakPassword: the new one would be guessed, or is the current one.
            Overloaded: too many passwords are being checked.
        """
        user = self._people.get(wish.user_id)
        self._throttle.password(account=normalised_email(user.email or user.id), address=caller.address)
        if not self._hasher.check(wish.current, user.password_hash).matches:
            self._record(AuditAction.PASSWORD_CHANGE_REFUSED, wish.org_id, user.id, caller)
            raise WrongPassword
        if normalised(wish.new) == normalised(wish.current):
            raise WeakPassword("unchanged", "choose another password than the current one")
        self._rules.check(wish.new, personal=(user.name, user.email or ""))
        until_settled(partial(self._store, wish, user.password_hash, self._hasher.hash(wish.new)))
        self._sessions.tidy(user.id, reason="password changed", caller=caller, by=user.id, keep=wish.session_id)
        self._record(AuditAction.PASSWORD_CHANGED, wish.org_id, user.id, caller)

    def _store(self, wish: NewPassword, checked: str | None, fresh: str) -> None:
        """In one write: whoever knew the old password is out, whatever happens next."""
        user = self._people.get(wish.user_id)
        if user.password_hash != checked:  # another change of the password was faster: what was proven holds no more
            raise WrongPassword
        user.password_hash = fresh
        rules.end_all(user, keep=wish.session_id)
        self._people.save(user)

    def _record(self, action: AuditAction, org_id: str, user_id: str, caller: Caller) -> None:
        self._audit.record(action, org_id=org_id, caller=caller, actor_id=user_id, target_id=user_id)
