"""Ending sign-ins: one, all but one, or all of a person."""

from functools import partial

from auth_service.audit.service import AuditLog
from auth_service.callers import Caller
from auth_service.contention import until_settled
from auth_service.outbox import report
from auth_service.people import People
from auth_service.ports import Standings
from auth_service.sessions import rules
from auth_service.sessions.repository import Sessions
from auth_service.states import AuditAction
from lyceum_contracts import SessionRevoked
from lyceum_database import Clock, NotFound, Session, utc_now
from lyceum_database.states import SessionStatus

MOST = 100
"""Sessions of one person that count at one time: ending them all has to stay a matter of a moment."""


class SessionService:
    """Sessions of people who are signed in."""

    def __init__(
        self, sessions: Sessions, people: People, standings: Standings, audit: AuditLog, *, clock: Clock = utc_now
    ) -> None:
        self._sessions = sessions
        self._people = people
        self._standings = standings
        self._audit = audit
        self._clock = clock

    def page(self, user_id: str, *, after_id: str | None, limit: int) -> list[Session]:
        """Return the person's sessions that count."""
        return self._sessions.live_page_of(user_id, after_id=after_id, limit=limit)

    def logout(self, session_id: str, caller: Caller) -> None:
        """End the session that the request itself came with; a second time changes nothing."""
        ended = self.revoke(session_id, "logout")
        if ended is not None:
            self._record(AuditAction.LOGGED_OUT, ended, caller, actor_id=ended.user_id)

    def end(self, session_id: str, *, user_id: str, caller: Caller) -> None:
        """End one of the person's own sessions.

        Raises:
            NotFound: the person has no such session that counts.
        """
        found = self._sessions.find(session_id)
        if found is None or found.user_id != user_id:
            raise NotFound("no such session", model=Session.__name__, record_id=session_id)
        ended = self.revoke(session_id, "ended by its person")
        if ended is None:
            raise NotFound("no such session", model=Session.__name__, record_id=session_id)
        self._record(AuditAction.SESSION_ENDED, ended, caller, actor_id=user_id)

    def end_all(self, user_id: str, *, reason: str, caller: Caller, by: str, keep: str | None = None) -> int:
        """End all sessions of a person, in one write; returns how many there were.

        Args:
            user_id: whose.
            reason: why, in a word; others read it in the event.
            caller: where the request came from.
            by: who wants it: a user id, or `operator`.
            keep: the one session that goes on.
        """
        until_settled(partial(self._cut, user_id, keep))
        return self.tidy(user_id, reason=reason, caller=caller, by=by, keep=keep)

    def tidy(self, user_id: str, *, reason: str, caller: Caller, by: str, keep: str | None = None) -> int:
        """Mark each session that `rules.end_all` ended, say so, and return how many; cut short, it changes nothing."""
        self._standings.forget_all()
        count = 0
        for session in self._sessions.live_of(user_id):
            ended = None if session.id == keep else self.revoke(session.id, reason)
            if ended is not None:
                count += 1
                self._record(AuditAction.SESSION_ENDED, ended, caller, actor_id=by)
        return count

    def end_oldest(self, user_id: str, caller: Caller) -> None:
        """End the oldest sessions of a person who has more than `MOST`."""
        surplus = self._sessions.live_count(user_id) - MOST
        if surplus <= 0:
            return
        for session in self._sessions.live_page_of(user_id, after_id=None, limit=surplus):
            ended = self.revoke(session.id, "too many sessions")
            if ended is not None:
                self._record(AuditAction.SESSION_ENDED, ended, caller, actor_id=user_id)

    def revoke(self, session_id: str, reason: str) -> Session | None:
        """End a session, and say so; None if it had ended already. It counts no longer in this process at once."""
        try:
            return until_settled(partial(self._revoke, session_id, reason))
        finally:
            self._standings.forget(session_id)

    def _cut(self, user_id: str, keep: str | None) -> None:
        user = self._people.find(user_id)
        if user is not None:
            rules.end_all(user, keep=keep)
            self._people.save(user)

    def _revoke(self, session_id: str, reason: str) -> Session | None:
        session = self._sessions.find(session_id)
        if session is None or session.status != SessionStatus.LIVE.value:
            return None
        now = self._clock()
        session.status, session.revoked_at, session.reason = SessionStatus.REVOKED.value, now, reason
        event = SessionRevoked(user_id=session.user_id, session_id=session.id, reason=reason, revoked_at=now)
        report(session, event, org_id=session.org_id, now=now)
        return self._sessions.save(session)

    def _record(self, action: AuditAction, session: Session, caller: Caller, *, actor_id: str) -> None:
        self._audit.record(
            action,
            org_id=session.org_id,
            caller=caller,
            actor_id=actor_id,
            target_id=session.id,
            reason=session.reason or "",
        )
