"""What messages tell the world."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from chat_service.models import ChatMessage
from lyceum_contracts import MessageDeleted, MessageEdited, MessageSent

PREVIEW = 80
"""Characters of a message that an event may hold."""


def sent(message: ChatMessage, recipients: Sequence[str], now: datetime) -> MessageSent:
    """Tell that a message was sent."""
    return MessageSent(
        **_which(message, recipients), kind=str(message.kind), preview=preview(message.body), sent_at=now
    )


def edited(message: ChatMessage, recipients: Sequence[str], now: datetime, *, body: str, edits: int) -> MessageEdited:
    """Tell that a message says something else now."""
    return MessageEdited(**_which(message, recipients), preview=preview(body), edits=edits, edited_at=now)


def deleted(message: ChatMessage, recipients: Sequence[str], now: datetime, *, by: str) -> MessageDeleted:
    """Tell that a message was taken back."""
    return MessageDeleted(**_which(message, recipients), by=by, deleted_at=now)


def preview(body: str) -> str:
    """Return the first words of a message, in one line."""
    line = " ".join(body[: 4 * PREVIEW].split())
    return line if len(line) <= PREVIEW else f"{line[: PREVIEW - 1].rstrip()}…"


def _which(message: ChatMessage, recipients: Sequence[str]) -> dict[str, Any]:
    return {
        "conversation_id": message.conversation_id,
        "message_id": message.id,
        "seq": message.seq,
        "sender_id": message.sender_id,
        "recipient_ids": tuple(user_id for user_id in recipients if user_id != message.sender_id),
    }
