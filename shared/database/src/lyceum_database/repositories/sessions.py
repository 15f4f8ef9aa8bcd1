"""The door to sessions."""

from lyceum_database.clock import Clock, utc_now
from lyceum_database.models.session import Session
from lyceum_database.repository import Repository
from lyceum_database.states import SessionStatus


class SessionRepository(Repository[Session]):
    """Sessions, found by id or by person. Expired ones are removed late: whoever reads looks."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Session, clock=clock)

    def live_of(self, user_id: str) -> list[Session]:
        """Return the person's sessions that are live and have not expired."""
        live = SessionStatus.LIVE.value
        return self._select(order="pk", user_id=user_id, status=live, expires_at__gt=self._clock())
