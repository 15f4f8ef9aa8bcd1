"""The use cases of messages. Whether the caller takes part is asked on every call."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from chat_service.caller import Caller
from chat_service.conversations import rules as members
from chat_service.conversations.exceptions import ConversationClosed, ConversationUnknown
from chat_service.conversations.membership import Membership, check_open
from chat_service.messages import events, rules, words
from chat_service.messages.appending import Appending, text_of
from chat_service.messages.exceptions import ClientIdReused, MessageUnknown, UnfitMessage, UnfitQuery
from chat_service.messages.notices import Notices
from chat_service.messages.rules import Wanted
from chat_service.messages.search import MessageSearch
from chat_service.models import ChatMessage, Conversation, MessageEdit
from chat_service.outbox import entry
from chat_service.repositories import ChatMessageRepository, ConversationRepository
from chat_service.states import ChatMessageStatus
from chat_service.telling import Telling
from lyceum_contracts import Event
from lyceum_database import Clock, until_settled, utc_now

MOST_SEARCHED = 1000
"""Conversations of one person that a search looks through, the last active ones."""

Heard = Callable[[str], None]
"""Is told the id of a conversation in which something has changed, in the thread that changed it."""
Admit = Callable[[Caller, str], None]
"""Is asked before something is written into a conversation; raises to refuse it."""


def nobody_hears(_: str) -> None:
    """The default."""


def everybody_may(_: Caller, __: str) -> None:
    """The default."""


@dataclass(frozen=True, slots=True)
class Sent:
    """The answer to sending.

    Attributes:
        message: as it is now.
        is_new: False if it had been sent before.
    """

    message: ChatMessage
    is_new: bool


class MessageService:
    """What is said in conversations, for whoever takes part in them."""

    def __init__(
        self,
        *,
        conversations: ConversationRepository,
        messages: ChatMessageRepository,
        appending: Appending,
        telling: Telling,
        search: MessageSearch,
        heard: Heard = nobody_hears,
        admit: Admit = everybody_may,
        clock: Clock = utc_now,
    ) -> None:
        self._conversations = conversations
        self._messages = messages
        self._membership = Membership(conversations)
        self._appending = appending
        self._notices = Notices(conversations, appending, clock=clock)
        self._telling = telling
        self._search = search
        self._heard = heard
        self._admit = admit
        self._clock = clock

    def send(self, conversation_id: str, caller: Caller, wanted: Wanted) -> Sent:
        """Say something; saying it again under the same `client_id` is the first message again, for ever.

        Raises:
            UnfitMessage: a field is wrong.
            ClientIdReused: something else was sent under this id.
            ConversationUnknown, ConversationClosed: as for `Membership`; what was sent before is found all the same.
            Contended: too many write at once.
        """
        rules.check(wanted)
        message = text_of(conversation_id, caller, wanted)
        try:
            stored = self._appending.append(message, self._admitted(conversation_id, caller, wanted.reply_to))
        except ConversationClosed:
            stored = self._sent_before(conversation_id, caller, wanted)
        if stored is message:
            self._heard(conversation_id)
            return Sent(message, is_new=True)
        if stored.fingerprint != message.fingerprint:
            raise ClientIdReused(wanted.client_id, stored.id)
        return Sent(stored, is_new=False)

    def history(
        self,
        conversation_id: str,
        caller: Caller,
        *,
        after_seq: int | None = None,
        before_seq: int | None = None,
        limit: int = 50,
    ) -> list[ChatMessage]:
        """Return messages: those after a number, oldest first; or those before one, or simply the last, newest first.

        The messages are read before it is asked whether the caller may: whatever he is given was there while he might.

        Raises:
            ConversationUnknown: there is no such conversation, or he takes no part in it.
        """
        if after_seq is not None:
            found = self._messages.after(conversation_id, after_seq, limit=limit)
        else:
            found = self._messages.before(conversation_id, before_seq, limit=limit)
        self._membership.readable(conversation_id, caller)
        return found

    def get(self, message_id: str, caller: Caller) -> ChatMessage:
        """Return one message.

        Raises:
            MessageUnknown: there is none, or the caller takes no part in its conversation.
        """
        return self._readable(message_id, caller)[0]

    def edit(self, message_id: str, caller: Caller, body: str, *, expected_version: int | None = None) -> ChatMessage:
        """Put a message in other words; what it said before is kept. The words that it has already change nothing.

        Args:
            message_id: of an own message.
            caller: who asks.
            body: what it says from now on.
            expected_version: refuse if it has another one.

        Raises:
            UnfitMessage: the body is none.
            MessageUnknown: as for `get`.
            ConversationClosed: nobody writes in its conversation any more.
            NotYours, MessageGone, StaleMessage, TooLateToEdit, TooManyEdits: see `rules.check_editable`.
            Contended: too many write at once.
        """
        rules.check_body(body)
        return until_settled(partial(self._try_edit, message_id, caller, body, expected_version))

    def delete(
        self, message_id: str, caller: Caller, *, moderates: bool = False, expected_version: int | None = None
    ) -> ChatMessage:
        """Take a message back: its number stays, its words and their history are gone. Again is the same answer.

        Args:
            message_id: of an own message; with `moderates` of any in the caller's organization.
            caller: who asks.
            moderates: he looks after conversations: he need not take part, and may also when they are closed.
            expected_version: refuse if it has another one.

        Raises:
            MessageUnknown, ConversationClosed, NotYours, StaleMessage, Contended: as for `edit`.
        """
        return until_settled(partial(self._try_delete, message_id, caller, expected_version, moderates=moderates))

    def search(
        self,
        caller: Caller,
        text: str,
        *,
        conversation_id: str | None = None,
        before_id: str | None = None,
        limit: int = 50,
    ) -> list[ChatMessage]:
        """Return messages of the caller's conversations that hold every word of `text`, the newest first.

        Raises:
            UnfitQuery: there is no word in it.
            ConversationUnknown: `conversation_id` is none of his.
        """
        asked = words.asked(text)
        if not asked:
            raise UnfitQuery
        mine = self._searchable(caller, conversation_id)
        found = self._search.find(mine, asked, before_id=before_id, limit=limit) if mine else []
        still_mine = set(self._searchable(caller, conversation_id)) if found else set()
        return [message for message in found if message.conversation_id in still_mine]

    def _try_edit(self, message_id: str, caller: Caller, body: str, expected_version: int | None) -> ChatMessage | None:
        seen, conversation = self._readable(message_id, caller)
        rules.check_own(seen, caller.user_id)
        if seen.body == body:
            return seen
        now = self._clock()
        rules.check_editable(seen, caller.user_id, now, expected_version=expected_version)
        self._check_open(conversation, caller)
        fields: dict[str, Any] = {
            "body": body,
            "words": words.kept(body),
            "edits": [*seen.edits, MessageEdit(body=seen.body, until=now)],
            "edited_at": now,
            "status": ChatMessageStatus.EDITED.value,
        }
        told = events.edited(seen, members.present(conversation), now, body=body, edits=len(fields["edits"]))
        return self._change(seen, fields, told, now)

    def _try_delete(
        self, message_id: str, caller: Caller, expected_version: int | None, *, moderates: bool
    ) -> ChatMessage | None:
        seen, conversation = self._moderated(message_id, caller) if moderates else self._readable(message_id, caller)
        if not moderates:
            rules.check_own(seen, caller.user_id)
        if rules.is_gone(seen):
            return seen
        rules.check_version(seen, expected_version)
        if not moderates:
            self._check_open(conversation, caller)
        now = self._clock()
        fields = {
            "body": "",
            "words": [],
            "edits": [],
            "deleted_at": now,
            "deleted_by": caller.user_id,
            "status": ChatMessageStatus.DELETED.value,
        }
        told = events.deleted(seen, members.present(conversation), now, by=caller.user_id)
        return self._change(seen, fields, told, now)

    def _change(self, seen: ChatMessage, fields: dict[str, Any], event: Event, now: datetime) -> ChatMessage | None:
        told = entry(event, aggregate_id=seen.id, version=seen.version + 1, org_id=seen.org_id, now=now)
        if not self._messages.change(seen, fields, told, due=self._telling.due()):
            return None
        changed = self._telling.changed(seen.id)
        self._heard(seen.conversation_id)
        return changed

    def _admitted(self, conversation_id: str, caller: Caller, reply_to: str | None) -> Callable[[], Conversation]:
        """Ask each time whether the caller may write, and the first time the rest."""
        is_first = True

        def ask() -> Conversation:
            nonlocal is_first
            found = self._membership.writable(conversation_id, caller)
            while found.notices:  # somebody died before he wrote them: what they tell of came before this message
                self._notices.post(found)
                found = self._membership.writable(conversation_id, caller)
            if is_first:
                self._admit(caller, conversation_id)
                self._check_reply(conversation_id, reply_to)
                is_first = False
            return found

        return ask

    def _check_reply(self, conversation_id: str, reply_to: str | None) -> None:
        if reply_to is None:
            return
        answered = self._messages.find(reply_to)
        if answered is None or answered.conversation_id != conversation_id:
            raise UnfitMessage("reply_to", "no message of this conversation has this id")

    def _check_open(self, conversation: Conversation, caller: Caller) -> None:
        check_open(conversation)
        self._admit(caller, conversation.id)

    def _readable(self, message_id: str, caller: Caller) -> tuple[ChatMessage, Conversation]:
        found = self._messages.find(message_id, org_id=caller.org_id)
        if found is None:
            raise MessageUnknown(message_id)
        try:
            return found, self._membership.readable(found.conversation_id, caller)
        except ConversationUnknown:
            raise MessageUnknown(message_id) from None

    def _moderated(self, message_id: str, caller: Caller) -> tuple[ChatMessage, Conversation]:
        found = self._messages.find(message_id, org_id=caller.org_id)
        conversation = None if found is None else self._conversations.find(found.conversation_id, org_id=caller.org_id)
        if found is None or conversation is None:
            raise MessageUnknown(message_id)
        return found, conversation

    def _sent_before(self, conversation_id: str, caller: Caller, wanted: Wanted) -> ChatMessage:
        found = self._messages.by_client_id(conversation_id, caller.user_id, wanted.client_id)
        if found is None:
            raise ConversationClosed
        return found

    def _searchable(self, caller: Caller, conversation_id: str | None) -> list[str]:
        if conversation_id is not None:
            return [self._membership.readable(conversation_id, caller).id]
        return self._conversations.ids_of_member(caller.user_id, org_id=caller.org_id, limit=MOST_SEARCHED)
