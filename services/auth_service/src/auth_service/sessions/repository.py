"""The door to sessions, with what only this service does there."""

from lyceum_database import Session, SessionRepository, translated_errors
from lyceum_database.states import SessionStatus


class Sessions(SessionRepository):
    """Sessions, as the person who is signed in sees them."""

    def live_count(self, user_id: str) -> int:
        """Return how many of the person's sessions count."""
        with translated_errors():
            found = self.model.objects(user_id=user_id, status=SessionStatus.LIVE.value, expires_at__gt=self._clock())
            return int(found.count())

    def live_page_of(self, user_id: str, *, after_id: str | None, limit: int) -> list[Session]:
        """Return the person's sessions that count, the oldest first."""
        later = {} if after_id is None else {"pk__gt": after_id}
        live = SessionStatus.LIVE.value
        return self._select(
            order="pk", limit=limit, user_id=user_id, status=live, expires_at__gt=self._clock(), **later
        )
