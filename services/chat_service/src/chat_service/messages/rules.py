"""What may be said, and what may become of it afterwards. Pure."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta

from chat_service.messages.exceptions import (
    MessageGone,
    NotYours,
    StaleMessage,
    TooLateToEdit,
    TooManyEdits,
    UnfitMessage,
)
from chat_service.models import ChatMessage
from chat_service.models.chat_message import LONGEST_BODY, LONGEST_HISTORY, MOST_EDITS
from chat_service.states import ChatMessageStatus, MessageKind
from lyceum_database import is_id

EDITABLE = timedelta(minutes=15)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A message that somebody wants to send.

    Attributes:
        client_id: chosen by his program, once for each message and for ever.
        body: what it says.
        reply_to: id of the message that it answers, in the same conversation.
    """

    client_id: str
    body: str
    reply_to: str | None = None

    def fingerprint(self) -> str:
        """Return what tells two messages apart that come under one `client_id`."""
        said = json.dumps([self.body, self.reply_to])
        return hashlib.sha256(said.encode()).hexdigest()


def check(wanted: Wanted) -> None:
    """Refuse what cannot be sent.

    Raises:
        UnfitMessage: names the field.
    """
    if not is_id(wanted.client_id):
        raise UnfitMessage("client_id", "give 1 to 64 letters, digits, - or _")
    if wanted.reply_to is not None and not is_id(wanted.reply_to):
        raise UnfitMessage("reply_to", "give the id of a message")
    check_body(wanted.body)


def check_body(body: str) -> None:
    """Refuse what no message can say.

    Raises:
        UnfitMessage: it is empty, too long or no text.
    """
    if not body.strip():
        raise UnfitMessage("body", "write something")
    if len(body) > LONGEST_BODY:
        raise UnfitMessage("body", f"write at most {LONGEST_BODY} characters")
    if any("\ud800" <= character <= "\udfff" for character in body):
        raise UnfitMessage("body", "half a surrogate pair is no character")


def check_editable(seen: ChatMessage, user_id: str, now: datetime, *, expected_version: int | None) -> None:
    """Refuse to put a message in other words.

    Raises:
        NotYours: somebody else sent it.
        MessageGone: it was deleted.
        StaleMessage: it is no longer as the caller read it.
        TooLateToEdit: it is older than that is allowed for.
        TooManyEdits: it was edited too often, or its earlier wordings are too long by now.
    """
    check_own(seen, user_id)
    if is_gone(seen):
        raise MessageGone
    check_version(seen, expected_version)
    if seen.created_at is None or now - seen.created_at > EDITABLE:
        raise TooLateToEdit(int(EDITABLE.total_seconds() // 60))
    if len(seen.edits) >= MOST_EDITS or _kept(seen) > LONGEST_HISTORY:
        raise TooManyEdits(MOST_EDITS, LONGEST_HISTORY)


def _kept(seen: ChatMessage) -> int:
    """Count the characters of all wordings that will have been, once there is another one."""
    return len(seen.body) + sum(len(edit.body) for edit in seen.edits)


def check_own(seen: ChatMessage, user_id: str) -> None:
    """Refuse to touch what somebody else said, or the platform.

    Raises:
        NotYours: it is not the user's.
    """
    if seen.sender_id != user_id or seen.kind != MessageKind.TEXT.value:
        raise NotYours


def check_version(seen: ChatMessage, expected: int | None) -> None:
    """Refuse to change what the caller has not read.

    Raises:
        StaleMessage: it has another version by now.
    """
    if expected is not None and seen.version != expected:
        raise StaleMessage(seen.version)


def is_gone(seen: ChatMessage) -> bool:
    """Tell whether only the number of a message is left."""
    return seen.status == ChatMessageStatus.DELETED.value
