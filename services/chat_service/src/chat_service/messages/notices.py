"""Writes into conversations what happened to their members, as messages of the platform."""

import logging
from collections.abc import Mapping
from datetime import timedelta
from functools import partial

from chat_service.messages.appending import Appending
from chat_service.models import ChatMessage, Conversation, PendingNotice
from chat_service.repositories import ConversationRepository
from chat_service.states import MessageKind, Notice
from lyceum_database import Clock, Contended, utc_now

log = logging.getLogger("chat_service")

PLATFORM = "lyceum"
"""As whom the platform sends."""
LATER = timedelta(seconds=30)

_SAYS: Mapping[str, str] = {
    Notice.OPENED: "The conversation is open.",
    Notice.HANDED_OVER: "Another trainer has taken over.",
    Notice.CLOSED: "The conversation is closed: it can be read, not written in.",
    Notice.REOPENED: "The conversation is open again.",
}


class Notices:
    """Each notice becomes one message, by the id under which it was noted, in the order of the changes.

    Nobody writes a message before the notices that are noted when he may: so each notice stands in front of everything
    that it made possible, and behind everything that it ended.
    """

    def __init__(self, conversations: ConversationRepository, appending: Appending, *, clock: Clock = utc_now) -> None:
        self._conversations = conversations
        self._appending = appending
        self._clock = clock

    def post(self, conversation: Conversation) -> None:
        """Write what is noted in a conversation.

        Raises:
            Contended: too many write in it at once; the sweep does it.
        """
        for pending in conversation.notices:
            message = _message(conversation, pending)
            self._appending.append(message, partial(self._conversations.get, conversation.id))
        self._conversations.noticed(conversation.id, [pending.notice_id for pending in conversation.notices])

    def sweep(self) -> int:
        """Write what somebody noted and died before he wrote it; returns in how many conversations."""
        found = self._conversations.with_notices(self._clock())
        for conversation in found:
            try:
                self.post(conversation)
            except Contended:
                log.info("conversation %s is too busy for its notices: later", conversation.id)
                self._conversations.postpone_notices(conversation.id, self._clock() + LATER)
        return len(found)


def _message(conversation: Conversation, pending: PendingNotice) -> ChatMessage:
    return ChatMessage(
        org_id=conversation.org_id,
        conversation_id=conversation.id,
        sender_id=PLATFORM,
        client_id=pending.notice_id,
        kind=MessageKind.SYSTEM.value,
        notice=pending.notice,
        about_id=pending.about_id,
        body=_SAYS[Notice(pending.notice)],
        seq=1,
    )
