"""The door to announcements and inbox messages."""

from mongoengine.queryset.visitor import Q

from lyceum_database.clock import Clock, utc_now
from lyceum_database.documents import DEFAULT_ORG
from lyceum_database.models.message import Message
from lyceum_database.repository import PAGE, Repository
from lyceum_database.states import MessageStatus


class MessageRepository(Repository[Message]):
    """Announcements and inbox messages, the newest first."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Message, clock=clock)

    def announcements(self, *, course_id: str | None, org_id: str = DEFAULT_ORG, limit: int = PAGE) -> list[Message]:
        """Return what was announced to a course, or with None to the whole organization, and has not expired."""
        return self._current(limit, org_id=org_id, course_id=course_id, recipient_id=None)

    def inbox(self, recipient_id: str, *, limit: int = PAGE) -> list[Message]:
        """Return what was written to one person and has not expired."""
        return self._current(limit, recipient_id=recipient_id)

    def _current(self, limit: int, **equals: str | None) -> list[Message]:
        return self._select(
            Q(expires_at=None) | Q(expires_at__gt=self._clock()),
            order="-published_at",
            limit=limit,
            status=MessageStatus.PUBLISHED.value,
            **equals,
        )
