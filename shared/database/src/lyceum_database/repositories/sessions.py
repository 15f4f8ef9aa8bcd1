"""The door to sessions."""

from lyceum_database.clock import Clock, utc_now
from lyceum_database.models.session import Session
from lyceum_database.repository import Repository
from lyceum_database.states import SessionStatus


class SessionRepository(Repository[Session]):
    """Sessions, found by id, by refresh token, by person or by family."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Session, clock=clock)

    def by_refresh_hash(self, refresh_hash: str) -> Session | None:
        """Return the session of this refresh token, in whatever state, or None; expired ones are still there.

        Whether it may be used is the caller's decision: the database removes expired sessions late, or never.
        """
        return self._first(refresh_hash=refresh_hash)

    def live_of(self, user_id: str) -> list[Session]:
        """Return the person's sessions that are live and have not expired."""
        live = SessionStatus.LIVE.value
        return self._select(order="pk", user_id=user_id, status=live, expires_at__gt=self._clock())

    def of_family(self, family: str) -> list[Session]:
        """Return all sessions that came from one sign-in."""
        return self._select(order="pk", family=family)
