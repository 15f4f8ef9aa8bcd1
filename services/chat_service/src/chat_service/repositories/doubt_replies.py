"""The door to replies."""

from chat_service.models.doubt_reply import DoubtReply
from lyceum_database import Clock, Repository, utc_now
from lyceum_database.repository import PAGE


class DoubtReplyRepository(Repository[DoubtReply]):
    """Replies, found by id or by the doubt that they answer."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(DoubtReply, clock=clock)

    def by_client_id(self, doubt_id: str, author_id: str, client_id: str) -> DoubtReply | None:
        """Return what this author replied under this id of his own, or None."""
        return self._first(doubt_id=doubt_id, author_id=author_id, client_id=client_id)

    def of_doubt(self, doubt_id: str, *, limit: int = PAGE) -> list[DoubtReply]:
        """Return the replies to a doubt, oldest first."""
        return self._select(doubt_id=doubt_id, order="created_at", limit=limit)
