"""Staying signed in: a refresh token is good once; a spent one that comes back was copied by somebody."""

from functools import partial

from auth_service.audit.service import AuditLog
from auth_service.callers import Caller
from auth_service.contention import until_settled
from auth_service.people import People
from auth_service.sessions import rules
from auth_service.sessions.exceptions import DeadRefreshToken
from auth_service.sessions.issuing import Issuing
from auth_service.sessions.refresh_token import RefreshToken
from auth_service.sessions.repository import Sessions
from auth_service.sessions.service import SessionService
from auth_service.sessions.signed_in import SignedIn
from auth_service.states import AuditAction
from auth_service.throttling import Throttle
from lyceum_database import Clock, OrganizationRepository, Session, User, utc_now
from lyceum_web.security import is_current


class RefreshService:
    """Exchanges refresh tokens (RFC 9700, section 4.14.2)."""

    def __init__(
        self,
        *,
        people: People,
        organizations: OrganizationRepository,
        sessions: Sessions,
        ending: SessionService,
        issuing: Issuing,
        throttle: Throttle,
        audit: AuditLog,
        clock: Clock = utc_now,
    ) -> None:
        self._people = people
        self._organizations = organizations
        self._sessions = sessions
        self._ending = ending
        self._issuing = issuing
        self._throttle = throttle
        self._audit = audit
        self._clock = clock

    def refresh(self, text: str, caller: Caller) -> SignedIn:
        """Exchange a refresh token for a new pair.

        A token of this session that was exchanged before ends it for everybody who has one of its tokens: which of the
        two is the thief cannot be told. So does the slower of two exchanges of one token at the same moment.

        Raises:
            Throttled: too many tries from this address.
            DeadRefreshToken: the token is no good (any more).
        """
        self._throttle.token(caller.address)
        token = RefreshToken.parsed(text)
        if token is None:
            raise DeadRefreshToken
        user, session, fresh = until_settled(partial(self._exchange, token, caller))
        return self._issuing.signed_in(user, session, fresh)

    def _exchange(self, token: RefreshToken, caller: Caller) -> tuple[User, Session, RefreshToken]:
        session = self._sessions.find(token.session_id)
        if session is None or not rules.counts(session, self._clock()):
            raise DeadRefreshToken
        if not token.is_of(session.family_hash):
            raise DeadRefreshToken
        if not token.has(session.refresh_hash):
            self._end(session, "refresh token used twice", AuditAction.REFRESH_REUSED, caller)
            raise DeadRefreshToken
        user = self._people.find(session.user_id)
        if user is None or not self._may_go_on(session, user):
            self._end(session, "account may not sign in", AuditAction.SESSION_ENDED, caller)
            raise DeadRefreshToken
        fresh = token.next()
        session.refresh_hash, session.refreshed_at = fresh.digest, self._clock()
        return user, self._sessions.save(session), fresh

    def _may_go_on(self, session: Session, user: User) -> bool:
        return is_current(session, user) and rules.may_act(user, self._organizations.find(session.org_id))

    def _end(self, session: Session, reason: str, action: AuditAction, caller: Caller) -> None:
        if self._ending.revoke(session.id, reason) is not None:
            self._audit.record(
                action, org_id=session.org_id, caller=caller, target_id=session.id, user=session.user_id, reason=reason
            )
