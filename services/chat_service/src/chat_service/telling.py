"""Moves events from the messages that they are about into the outbox of the conversation, from where they leave.

A relay publishes the outbox of one document in order, so what happens in a conversation is told in order if it gets
into that outbox in order. An event is written together with the change of its message, so no crash loses it:

- that messages were sent gets there by their numbers: `told_seq` says how far, and moves on without a gap
- what happened to a message later gets there behind that it was sent, once, by the event's id

Whoever changed something carries it at once. If he dies before, the next sender in the conversation does it, or the
sweep, which also clears away what was carried. All of it may be repeated, by any number of processes.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby, takewhile

from chat_service.models import ChatMessage
from chat_service.repositories import ChatMessageRepository, ConversationRepository, Told
from chat_service.states import MessageKind
from lyceum_contracts import MessageSent, OutboxEntry
from lyceum_database import Clock, Contended, until_settled, utc_now

log = logging.getLogger("chat_service")

GRACE = timedelta(seconds=10)
"""How long whoever changed a message has to carry its event himself."""
LATER = timedelta(seconds=30)
"""After which the sweep looks again at what it could not carry."""
BATCH = 200
"""Messages that one step of the sweep has in hand."""


class Telling:
    """Sees to it that what happened in conversations is told."""

    def __init__(
        self, conversations: ConversationRepository, messages: ChatMessageRepository, *, clock: Clock = utc_now
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._clock = clock

    def due(self) -> datetime:
        """Return when the sweep is to look at an event that is written now."""
        return self._clock() + GRACE

    def sent(self, message: ChatMessage) -> None:
        """Carry that a message was sent, which was just stored; if too many write at once, the sweep does."""
        if not self._tell(message.conversation_id, message.seq - 1, [message]):
            with _left_to_the_sweep(message):
                self.settle(message.conversation_id)

    def changed(self, message_id: str) -> ChatMessage:
        """Carry what was done to a message, also by those before who died; returns the message as it is.

        If too many write at once, the sweep does the rest.
        """
        message = self._messages.get(message_id)
        with _left_to_the_sweep(message):
            later = [entry for entry in _entries(message) if entry["type"] != MessageSent.type]
            carried = list(takewhile(partial(self._carried, message), later))
            self._messages.settled([message.id], [entry["id"] for entry in carried])
        return message

    def settle(self, conversation_id: str) -> None:
        """Carry everything that was sent in a conversation, in order.

        Raises:
            Contended: too many writers at once.
        """
        until_settled(partial(self._carry_sent, conversation_id))

    def sweep(self) -> int:
        """Carry and clear away what is due; returns how many messages it saw to."""
        count = 0
        while found := self._messages.unsettled(self._clock(), limit=BATCH):
            self._sweep(found)
            count += len(found)
            if len(found) < BATCH:
                break
        return count

    def _sweep(self, found: Sequence[ChatMessage]) -> None:
        """Clear away, all at once, what others carried, which is nearly everything; see to the rest one by one."""
        standings = self._conversations.told_in({message.conversation_id for message in found})
        done = [message for message in found if _is_carried(message, standings.get(message.conversation_id))]
        if done:
            entry_ids = [entry["id"] for message in done for entry in message.events]
            self._messages.settled([message.id for message in done], entry_ids)
        settled = {message.id for message in done}
        for conversation_id, messages in _by_conversation([one for one in found if one.id not in settled]):
            self._settle_all(conversation_id, messages)

    def _carry_sent(self, conversation_id: str) -> bool | None:
        """Carry what follows `told_seq`, as far as there is no gap; None if there may be more."""
        standing = self._conversations.told(conversation_id)
        if standing is None:
            return True
        found = self._messages.after(conversation_id, standing.told_seq, limit=BATCH)
        waiting = [message for at, message in enumerate(found, standing.told_seq + 1) if message.seq == at]
        if not waiting:
            return True
        if standing.is_full:
            self._conversations.raise_last_seq(conversation_id, self._messages.last_seq(conversation_id))
            return True
        told = self._tell(conversation_id, standing.told_seq, waiting)
        return True if told and len(found) < BATCH else None

    def _tell(self, conversation_id: str, after: int, messages: Sequence[ChatMessage]) -> bool:
        people = MessageKind.TEXT.value
        senders = {one.seq: one.sender_id if one.kind == people else None for one in messages}
        return self._conversations.tell(conversation_id, after=after, senders=senders, entries=_of_sending(messages))

    def _carried(self, message: ChatMessage, entry: OutboxEntry) -> bool:
        """Carry one event that is not of sending; False if there is no room now."""
        return until_settled(partial(self._try_carry, message, entry))

    def _try_carry(self, message: ChatMessage, entry: OutboxEntry) -> bool | None:
        if self._conversations.carry(message.conversation_id, seq=message.seq, entry=entry):
            return True
        standing = self._conversations.told(message.conversation_id)
        if standing is None or entry["id"] in standing.carried:
            return True
        if standing.is_full:
            return False
        if standing.told_seq < message.seq:
            self.settle(message.conversation_id)
        return None

    def _settle_all(self, conversation_id: str, messages: Sequence[ChatMessage]) -> None:
        carried: list[str] = []
        try:
            self.settle(conversation_id)
            carried = [entry["id"] for entry in self._left(conversation_id, messages)]
        except Contended:
            log.info("conversation %s is too busy to be swept: later", conversation_id)
        ids = [message.id for message in messages]
        self._messages.settled(ids, carried)
        self._messages.postpone(ids, self._clock() + LATER)

    def _left(self, conversation_id: str, messages: Sequence[ChatMessage]) -> Iterable[OutboxEntry]:
        """Carry the events of messages, each message's in order; returns those that are in the outbox by then."""
        standing = self._conversations.told(conversation_id)
        for message in messages:
            for entry in _entries(message):
                if entry["type"] == MessageSent.type:
                    carried = standing is None or message.seq <= standing.told_seq
                else:
                    carried = self._carried(message, entry)
                if not carried:
                    break
                yield entry


@contextmanager
def _left_to_the_sweep(message: ChatMessage) -> Iterator[None]:
    try:
        yield
    except Contended:
        log.info("events of message %s are left to the sweep", message.id)


def _is_carried(message: ChatMessage, standing: Told | None) -> bool:
    """Tell whether all that a message tells is in the outbox; of a conversation that is gone there is none."""
    if standing is None:
        return True
    later = [entry["id"] for entry in message.events if entry["type"] != MessageSent.type]
    return message.seq <= standing.told_seq and set(later) <= set(standing.carried)


def _entries(message: ChatMessage) -> list[OutboxEntry]:
    return [OutboxEntry(**entry) for entry in message.events]  # type: ignore[typeddict-item] # as they were stored


def _of_sending(messages: Sequence[ChatMessage]) -> list[OutboxEntry]:
    return [entry for message in messages for entry in _entries(message) if entry["type"] == MessageSent.type]


def _by_conversation(messages: Sequence[ChatMessage]) -> Iterable[tuple[str, list[ChatMessage]]]:
    in_order = sorted(messages, key=lambda message: (message.conversation_id, message.seq))
    for conversation_id, group in groupby(in_order, key=lambda message: message.conversation_id):
        yield conversation_id, list(group)
