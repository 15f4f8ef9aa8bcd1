"""Signing up: anybody may, as a student of the default organization and as nothing else."""

from auth_service.accounts.new_account import NewAccount, registered
from auth_service.audit.service import AuditLog
from auth_service.callers import Caller
from auth_service.passwords.hashing import PasswordHasher
from auth_service.passwords.policy import PasswordRules
from auth_service.people import People
from auth_service.roles.builtin import STUDENT
from auth_service.states import AuditAction
from auth_service.throttling import Throttle
from lyceum_database import DEFAULT_ORG, Clock, Duplicate, utc_now


class SignUpService:
    """Makes accounts. Whether an address had one already, neither the answer nor the work shows."""

    def __init__(
        self,
        *,
        people: People,
        hasher: PasswordHasher,
        rules: PasswordRules,
        throttle: Throttle,
        audit: AuditLog,
        clock: Clock = utc_now,
    ) -> None:
        self._people = people
        self._hasher = hasher
        self._rules = rules
        self._throttle = throttle
        self._audit = audit
        self._clock = clock

    def sign_up(self, account: NewAccount, caller: Caller) -> None:
        """Make an account, unless the address has one: then nothing changes.

        Raises:
            Throttled: too many sign-ups from this address.
            WeakPassword: the password would be guessed.
            Overloaded: too many passwords are being hashed.
        """
        self._throttle.sign_up(caller.address)
        self._rules.check(account.password, personal=(account.name, account.email))
        user = registered(
            account, self._hasher.hash(account.password), org_id=DEFAULT_ORG, role=STUDENT, now=self._clock()
        )
        try:
            self._people.insert(user)
        except Duplicate as exc:
            self._record(AuditAction.SIGN_UP_REFUSED, exc.record_id, caller)
        else:
            self._record(AuditAction.SIGNED_UP, user.id, caller)

    def _record(self, action: AuditAction, user_id: str | None, caller: Caller) -> None:
        self._audit.record(action, org_id=DEFAULT_ORG, caller=caller, target_id=user_id)
