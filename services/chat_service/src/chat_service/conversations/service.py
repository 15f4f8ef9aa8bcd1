"""The use cases of conversations. Whether the caller takes part is asked on every call."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial

from chat_service.caller import Caller
from chat_service.conversations import events, rules
from chat_service.conversations.membership import Membership
from chat_service.models import Conversation
from chat_service.outbox import entry
from chat_service.repositories import ChatMessageRepository, ConversationRepository, Place, Pulse
from chat_service.telling import Telling
from lyceum_database import Clock, Contended, until_settled, utc_now


def _nobody_hears(_: str) -> None:
    pass


class ConversationService:
    """Conversations, for whoever takes part in them."""

    def __init__(
        self,
        *,
        conversations: ConversationRepository,
        messages: ChatMessageRepository,
        telling: Telling,
        heard: Callable[[str], None] = _nobody_hears,
        clock: Clock = utc_now,
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._membership = Membership(conversations)
        self._telling = telling
        self._heard = heard
        self._clock = clock

    def mine(self, caller: Caller, *, before: Place | None = None, limit: int = 50) -> list[Conversation]:
        """Return the caller's conversations, the last active first, from behind `before` on."""
        return self._conversations.of_member(caller.user_id, org_id=caller.org_id, before=before, limit=limit)

    def get(self, conversation_id: str, caller: Caller) -> Conversation:
        """Return a conversation that the caller takes part in.

        Raises:
            ConversationUnknown: there is none, or he does not.
        """
        return self._membership.readable(conversation_id, caller)

    def pulses(self, ids: Sequence[str]) -> Mapping[str, Pulse]:
        """Return how these stand, for those who wait for a change; asks nobody whether he may know."""
        return self._conversations.pulses(ids)

    def read(self, conversation_id: str, caller: Caller, seq: int) -> Conversation:
        """Note that the caller has read everything up to a number; a lower one than before changes nothing.

        A number beyond the last message counts as the last one: nobody has read what is not written yet.

        Raises:
            ConversationUnknown: there is none, or he takes no part in it.
            Contended: too many write at once, or too much waits to be told.
        """
        return until_settled(partial(self._try_read, conversation_id, caller, seq))

    def _try_read(self, conversation_id: str, caller: Caller, asked: int) -> Conversation | None:
        seen = self._membership.readable(conversation_id, caller)
        seq = asked if asked <= seen.last_seq else min(asked, self._messages.last_seq(conversation_id))
        if seq <= rules.last_read_seq(seen, caller.user_id):
            return seen
        if seq > seen.told_seq:
            self._telling.settle(conversation_id)
        now = self._clock()
        told = entry(
            events.read(conversation_id, caller.user_id, seq, now),
            aggregate_id=f"{conversation_id}:{caller.user_id}",
            version=seq,
            org_id=caller.org_id,
            now=now,
        )
        if not self._conversations.read_up_to(conversation_id, caller.user_id, seq, told):
            standing = self._conversations.told(conversation_id)
            if standing is not None and standing.is_overfull:
                raise Contended
            return None
        self._heard(conversation_id)
        return self._membership.readable(conversation_id, caller)
