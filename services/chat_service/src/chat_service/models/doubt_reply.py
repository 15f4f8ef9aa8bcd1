"""An answer to a doubt, or to another answer."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import EmbeddedDocumentListField, ListField, StringField

from chat_service.models.message_edit import MessageEdit
from chat_service.states import DoubtReplyStatus, ParticipantRole
from lyceum_database import IdField, MomentField, Record, StateField, UniqueKey, WholeField

MAX_DEPTH = 3  # replies to replies


class DoubtReply(Record):
    """A trainer may endorse it; whether the student accepted it is kept with the doubt. `depth` 0 answers the doubt."""

    doubt_id: str = IdField(required=True, references="Doubt")
    parent_id: str | None = IdField(references="DoubtReply")
    depth: int = WholeField(required=True, default=0, min_value=0, max_value=MAX_DEPTH)
    author_id: str = IdField(required=True, references="User")
    role: str = StateField(ParticipantRole, required=True)
    client_id: str = IdField(required=True)
    client_key: str | None = UniqueKey("doubt_id", "author_id", "client_id")
    body: str = StringField(required=True, min_length=1, max_length=10_000)
    attachment_ids: list[str] = ListField(IdField(references="MediaAttachment"), max_length=10)
    edits: list[MessageEdit] = EmbeddedDocumentListField(MessageEdit, max_length=50)
    endorsed_by: str | None = IdField(references="User")
    endorsed_at: datetime | None = MomentField()
    status: str = StateField(DoubtReplyStatus, default=DoubtReplyStatus.VISIBLE, required=True)

    meta: ClassVar[dict[str, Any]] = {"collection": "doubt_replies", "indexes": [("doubt_id", "created_at", "_id")]}
