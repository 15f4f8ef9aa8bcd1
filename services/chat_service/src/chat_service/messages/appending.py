"""Gives messages their numbers: dense, and in the order in which they are stored."""

from collections.abc import Callable
from functools import partial

from chat_service.caller import Caller
from chat_service.conversations import rules
from chat_service.messages import events, words
from chat_service.messages.rules import Wanted
from chat_service.models import ChatMessage, Conversation
from chat_service.outbox import entry
from chat_service.repositories import ChatMessageRepository
from chat_service.states import MessageKind
from chat_service.telling import Telling
from lyceum_database import Clock, Duplicate, until_settled, utc_now


class Appending:
    """Stores messages, each as the next of its conversation."""

    def __init__(self, messages: ChatMessageRepository, telling: Telling, *, clock: Clock = utc_now) -> None:
        self._messages = messages
        self._telling = telling
        self._clock = clock

    def append(self, message: ChatMessage, admitted: Callable[[], Conversation]) -> ChatMessage:
        """Store a message, or return the one that its sender sent under this id of his before.

        The number is taken by inserting under the unique key of conversation and number, again with the next one when
        somebody was faster. Whether the sender may write is asked for each number anew, after the number before it was
        read. So nobody writes behind the notice that he may no longer: that notice has a number too.

        Args:
            message: without a number yet.
            admitted: reads the conversation; raises when the sender may not write in it.

        Raises:
            Contended: too many others were faster; send again.
            Exception: what `admitted` raised.
        """
        stored = self._first_try(message, admitted()) or until_settled(partial(self._try, message, admitted))
        if stored is message:
            self._telling.sent(message)
        return stored

    def _first_try(self, message: ChatMessage, conversation: Conversation) -> ChatMessage | None:
        """Take the hint for the last number: it was read together with who may write."""
        return self._insert(message, conversation, conversation.last_seq)

    def _try(self, message: ChatMessage, admitted: Callable[[], Conversation]) -> ChatMessage | None:
        sent_before = self._messages.by_client_id(message.conversation_id, message.sender_id, message.client_id)
        if sent_before is not None:
            return sent_before
        last = self._messages.last_seq(message.conversation_id)
        return self._insert(message, admitted(), last)

    def _insert(self, message: ChatMessage, conversation: Conversation, last: int) -> ChatMessage | None:
        now = self._clock()
        message.seq = last + 1
        told = events.sent(message, rules.present(conversation), now)
        message.events = [dict(entry(told, aggregate_id=message.id, version=1, org_id=message.org_id, now=now))]
        message.events_due = self._telling.due()
        try:
            return self._messages.insert(message)
        except Duplicate as exc:
            if exc.field != "id":
                return None
            stored = self._messages.find(message.id)
            if stored is None or stored.seq_key != message.seq_key or stored.client_key != message.client_key:
                raise
            return message  # a server that was asked again by the driver had stored it the first time


def text_of(conversation_id: str, caller: Caller, wanted: Wanted) -> ChatMessage:
    """Return what somebody wants to send as a message, without a number yet."""
    return ChatMessage(
        org_id=caller.org_id,
        conversation_id=conversation_id,
        sender_id=caller.user_id,
        client_id=wanted.client_id,
        fingerprint=wanted.fingerprint(),
        body=wanted.body,
        words=words.kept(wanted.body),
        reply_to=wanted.reply_to,
        kind=MessageKind.TEXT.value,
        seq=1,
    )
