"""Signing in with a password."""

from dataclasses import dataclass, field
from datetime import timedelta

from auth_service.audit.service import AuditLog
from auth_service.callers import Caller
from auth_service.passwords.exceptions import Overloaded
from auth_service.passwords.hashing import PasswordHasher, Verdict
from auth_service.people import People
from auth_service.sessions import rules
from auth_service.sessions.exceptions import WrongCredentials
from auth_service.sessions.issuing import Issuing
from auth_service.sessions.refresh_token import RefreshToken
from auth_service.sessions.repository import Sessions
from auth_service.sessions.service import SessionService
from auth_service.sessions.signed_in import SignedIn
from auth_service.states import AuditAction
from auth_service.throttling import Throttle
from lyceum_database import (
    Clock,
    Organization,
    OrganizationRepository,
    Session,
    StaleVersion,
    User,
    is_id,
    new_id,
    utc_now,
)
from lyceum_database.keys import normalised_email
from lyceum_web.security import is_current


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What somebody signs in with.

    Attributes:
        organization: slug or id of the one to sign in to; None for the person's own.
        device: what the person calls the device.
    """

    email: str = field(repr=False)
    password: str = field(repr=False)
    organization: str | None = None
    device: str | None = None


class LoginService:
    """Lets people in. Whatever keeps somebody out, the work and the answer are the same."""

    def __init__(  # noqa: PLR0913 - everything that a sign-in touches
        self,
        *,
        people: People,
        organizations: OrganizationRepository,
        sessions: Sessions,
        ending: SessionService,
        issuing: Issuing,
        hasher: PasswordHasher,
        throttle: Throttle,
        audit: AuditLog,
        lifetime: timedelta,
        clock: Clock = utc_now,
    ) -> None:
        self._people = people
        self._organizations = organizations
        self._sessions = sessions
        self._ending = ending
        self._issuing = issuing
        self._hasher = hasher
        self._throttle = throttle
        self._audit = audit
        self._lifetime = lifetime
        self._clock = clock

    def login(self, credentials: Credentials, caller: Caller) -> SignedIn:
        """Open a session.

        Raises:
            Throttled: too many tries for this account, or from this address.
            Overloaded: too many passwords are being checked.
            WrongCredentials: for every other reason.
        """
        self._throttle.password(account=normalised_email(credentials.email), address=caller.address)
        found = self._people.by_email(credentials.email)
        user = self._people.stranger() if found is None else found
        verdict = self._hasher.check(credentials.password, None if found is None else found.password_hash)
        organization = self._organization(user, credentials) if found is not None and verdict.matches else None
        if organization is None or not rules.may_act(user, organization):
            self._refused(user, caller, known=found is not None)
            raise WrongCredentials
        self._renew_hash(user, verdict)
        token, session = self._open(user, organization, credentials, caller)
        self._ending.end_oldest(user.id, caller)
        self._people.signed_in(user.id, session.issued_at)
        self._audit.record(
            AuditAction.LOGGED_IN, org_id=organization.id, caller=caller, actor_id=user.id, target_id=session.id
        )
        return self._issuing.signed_in(user, session, token)

    def _organization(self, user: User, credentials: Credentials) -> Organization | None:
        wanted = credentials.organization
        if wanted is None:
            return self._organizations.find(rules.home(user))
        return self._organizations.by_slug(wanted) or (self._organizations.find(wanted) if is_id(wanted) else None)

    def _renew_hash(self, user: User, verdict: Verdict) -> None:
        if verdict.rehashed is None:
            return
        former, user.password_hash = user.password_hash, verdict.rehashed
        try:
            self._people.save(user)
        except StaleVersion:  # somebody changed the account meanwhile: the next sign-in renews it
            user.password_hash = former

    def _open(
        self, user: User, organization: Organization, credentials: Credentials, caller: Caller
    ) -> tuple[RefreshToken, Session]:
        now = self._clock()
        token = RefreshToken.first(new_id())
        session = self._sessions.insert(
            Session(
                id=token.session_id,
                org_id=organization.id,
                user_id=user.id,
                epoch=user.session_epoch,
                family_hash=token.family_digest,
                refresh_hash=token.digest,
                device=credentials.device,
                ip=caller.address,
                user_agent=caller.user_agent,
                issued_at=now,
                expires_at=now + self._lifetime,
            )
        )
        self._look_again(user, organization, session, credentials.password, caller)
        return token, session

    def _look_again(
        self, user: User, organization: Organization, session: Session, password: str, caller: Caller
    ) -> None:
        """End a session that was opened while its person was suspended, or with a password that was being changed.

        Whoever does that writes the account first and looks for sessions then: one of the two sees the other.
        """
        now = self._people.find(user.id)
        try:
            fits = (
                now is not None and rules.may_act(now, organization) and self._still_holds(session, password, user, now)
            )
        except Overloaded:
            self._ending.revoke(session.id, "sign-in not finished")
            raise
        if not fits:
            self._ending.revoke(session.id, "account changed")
            self._refused(user, caller, known=True)
            raise WrongCredentials

    def _still_holds(self, session: Session, password: str, seen: User, now: User) -> bool:
        """Tell a changed password from a hash that another sign-in renewed at this moment."""
        if not is_current(session, now):
            return False
        return now.password_hash == seen.password_hash or self._hasher.check(password, now.password_hash).matches

    def _refused(self, user: User, caller: Caller, *, known: bool) -> None:
        self._audit.record(
            AuditAction.LOGIN_REFUSED,
            org_id=rules.home(user),
            caller=caller,
            target_id=user.id if known else None,
        )
