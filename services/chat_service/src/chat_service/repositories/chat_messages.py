"""The door to messages: appends them without gaps and without doubles."""

from chat_service.models.chat_message import ChatMessage
from lyceum_database import Clock, Duplicate, Repository, Unavailable, utc_now
from lyceum_database.repository import PAGE

MAX_TRIES = 100  # losing this often to other senders in a row means something else is wrong


class ChatMessageRepository(Repository[ChatMessage]):
    """Messages, found by id or by their place in the conversation."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(ChatMessage, clock=clock)

    def append(self, message: ChatMessage) -> ChatMessage:
        """Store a message as the next of its conversation, or return the one that was sent before.

        The number is taken by inserting under the unique key of conversation and number, again with the next one when
        somebody was faster: numbers have no gaps, and a message with a higher number was stored later.

        Raises:
            Unavailable: too many others were faster; send again.
        """
        for _ in range(MAX_TRIES):
            sent_before = self.by_client_id(message.conversation_id, message.sender_id, message.client_id)
            if sent_before is not None:
                return sent_before
            message.seq = self.last_seq(message.conversation_id) + 1
            try:
                return self.insert(message)
            except Duplicate as exc:
                if exc.field == "id":
                    raise
        raise Unavailable(f"conversation {message.conversation_id} is too busy: send again")

    def by_client_id(self, conversation_id: str, sender_id: str, client_id: str) -> ChatMessage | None:
        """Return what this sender sent under this id of his own, or None."""
        return self._first(conversation_id=conversation_id, sender_id=sender_id, client_id=client_id)

    def last_seq(self, conversation_id: str) -> int:
        """Return the number of the last message, 0 before the first."""
        last = self._select(conversation_id=conversation_id, order="-seq", limit=1)
        return last[0].seq if last else 0

    def after(self, conversation_id: str, seq: int, *, limit: int = PAGE) -> list[ChatMessage]:
        """Return the messages that follow number `seq`, oldest first."""
        return self._select(conversation_id=conversation_id, seq__gt=seq, order="seq", limit=limit)

    def before(self, conversation_id: str, seq: int, *, limit: int = PAGE) -> list[ChatMessage]:
        """Return the messages that precede number `seq`, newest first."""
        return self._select(conversation_id=conversation_id, seq__lt=seq, order="-seq", limit=limit)

    def unpublished(self, *, limit: int = PAGE) -> list[ChatMessage]:
        """Return messages whose event is not out yet, oldest first."""
        return self._select(unpublished=True, order="pk", limit=limit)
