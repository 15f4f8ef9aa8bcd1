"""One message of a conversation."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import EmbeddedDocumentListField, ListField, StringField

from chat_service.models.message_edit import MessageEdit
from chat_service.states import ChatMessageStatus, MessageKind
from lyceum_database import FlagField, IdField, MomentField, Record, StateField, UniqueKey, WholeField


class ChatMessage(Record):
    """A message has the next number of its conversation, without gaps: order is `seq`, never time.

    `client_id` is chosen by the sender's program and stays unique for ever, so that sending again is not a second
    message. `unpublished` exists until the event about it is out: after a crash, that is how what was not published is
    found.
    """

    conversation_id: str = IdField(required=True, references="Conversation")
    seq: int = WholeField(required=True, min_value=1)
    seq_key: str | None = UniqueKey("conversation_id", "seq")
    sender_id: str = IdField(required=True, references="User")
    client_id: str = IdField(required=True)
    client_key: str | None = UniqueKey("conversation_id", "sender_id", "client_id")
    kind: str = StateField(MessageKind, default=MessageKind.TEXT, required=True)
    body: str = StringField(default="", max_length=10_000)
    attachment_ids: list[str] = ListField(IdField(references="MediaAttachment"), max_length=10)
    reply_to: str | None = IdField(references="ChatMessage")
    edits: list[MessageEdit] = EmbeddedDocumentListField(MessageEdit, max_length=50)
    deleted_at: datetime | None = MomentField()
    unpublished: bool | None = FlagField()
    status: str = StateField(ChatMessageStatus, default=ChatMessageStatus.SENT, required=True)

    meta: ClassVar[dict[str, Any]] = {
        "collection": "chat_messages",
        "indexes": [("conversation_id", "seq"), {"fields": ["unpublished"], "sparse": True}],
    }
