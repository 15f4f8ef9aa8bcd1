"""One message of a conversation."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import DictField, EmbeddedDocumentListField, ListField, StringField

from chat_service.models.message_edit import MessageEdit
from chat_service.states import ChatMessageStatus, MessageKind, Notice
from lyceum_database import IdField, MomentField, Record, StateField, UniqueKey, WholeField

LONGEST_BODY = 10_000
"""Characters."""
MOST_EDITS = 50
LONGEST_HISTORY = 50_000
"""Characters of all earlier wordings together, which everybody reads who reads the message."""


class ChatMessage(Record):
    """A message has the next number of its conversation, without gaps: order is `seq`, never time.

    `client_id` is chosen by the sender's program and stays unique for ever, so that sending again is not a second
    message.

    Attributes:
        fingerprint: SHA-256 of what was first sent, so that a `client_id` cannot be used for something else.
        notice: what a message of the platform tells; `about_id` is the trainer it tells it of.
        words: what a search compares.
        events: what happened to the message and is not in the conversation's outbox yet, or was not cleared away
            since: written together with the change, so that a crash loses nothing.
        events_due: when a sweep sees to them; absent when there are none.
    """

    conversation_id: str = IdField(required=True, references="Conversation")
    seq: int = WholeField(required=True, min_value=1)
    seq_key: str | None = UniqueKey("conversation_id", "seq")
    sender_id: str = IdField(required=True, references="User")
    client_id: str = IdField(required=True)
    client_key: str | None = UniqueKey("conversation_id", "sender_id", "client_id")
    fingerprint: str | None = StringField(regex=r"\A[0-9a-f]{64}\Z")
    kind: str = StateField(MessageKind, default=MessageKind.TEXT, required=True)
    notice: str | None = StateField(Notice)
    about_id: str | None = IdField(references="User")
    body: str = StringField(default="", max_length=LONGEST_BODY)
    words: list[str] = ListField(StringField(max_length=40))
    attachment_ids: list[str] = ListField(IdField(references="MediaAttachment"), max_length=10)
    reply_to: str | None = IdField(references="ChatMessage")
    edits: list[MessageEdit] = EmbeddedDocumentListField(MessageEdit, max_length=MOST_EDITS)
    edited_at: datetime | None = MomentField()
    deleted_at: datetime | None = MomentField()
    deleted_by: str | None = IdField(references="User")
    status: str = StateField(ChatMessageStatus, default=ChatMessageStatus.SENT, required=True)
    events: list[dict[str, Any]] = ListField(DictField())
    events_due: datetime | None = MomentField()

    meta: ClassVar[dict[str, Any]] = {
        "collection": "chat_messages",
        "indexes": [
            ("conversation_id", "seq"),
            ("conversation_id", "words"),
            {"fields": ["events_due"], "sparse": True},
        ],
    }
