"""The door to conversations."""

from chat_service.models.conversation import Conversation
from lyceum_database import DEFAULT_ORG, Clock, Repository, translated_errors, utc_now
from lyceum_database.repository import PAGE


class ConversationRepository(Repository[Conversation]):
    """Conversations, found by id, by student and course, or by who takes part."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Conversation, clock=clock)

    def between(self, student_id: str, course_id: str, *, org_id: str = DEFAULT_ORG) -> Conversation | None:
        """Return the conversation of this student in this course, or None."""
        return self._first(org_id=org_id, student_id=student_id, course_id=course_id)

    def of_member(self, user_id: str, *, limit: int = PAGE) -> list[Conversation]:
        """Return the conversations that somebody is in and has not left, the last active first."""
        member = {"user_id": user_id, "left_at": None}
        return self._select(__raw__={"members": {"$elemMatch": member}}, order="-last_at", limit=limit)

    def raise_last_seq(self, conversation_id: str, seq: int) -> None:
        """Move the hint of the last message forward; never back, however late or often this is called."""
        now = self._clock()
        with translated_errors():
            self.model.objects(pk=conversation_id).update_one(max__last_seq=seq, max__last_at=now, max__updated_at=now)
