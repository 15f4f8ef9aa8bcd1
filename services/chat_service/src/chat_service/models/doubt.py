"""A student's question about a course."""

from typing import Any, ClassVar

from mongoengine.fields import EmbeddedDocumentField, ListField, StringField

from chat_service.models.doubt_anchor import DoubtAnchor
from chat_service.models.doubt_sla import DoubtSla
from chat_service.states import DoubtStatus, DoubtVisibility
from lyceum_database import IdField, Record, StateField, UniqueKey, WholeField


class Doubt(Record):
    """Routed to the student's trainer, answered by replies, settled when the student accepts one.

    `client_id` is chosen by the student's program, so that asking again is not a second doubt. `reply_count` and
    `votes` are derived and can be repaired. A trainer's endorsement is kept with the reply, apart from the student's
    acceptance.
    """

    course_id: str = IdField(required=True, references="Course")
    lesson_id: str | None = IdField()
    anchor: DoubtAnchor | None = EmbeddedDocumentField(DoubtAnchor)
    student_id: str = IdField(required=True, references="User")
    client_id: str = IdField(required=True)
    client_key: str | None = UniqueKey("student_id", "client_id")
    trainer_id: str | None = IdField(references="User")
    title: str = StringField(required=True, min_length=1, max_length=200)
    body: str = StringField(required=True, min_length=1, max_length=10_000)
    tags: list[str] = ListField(StringField(min_length=1, max_length=64), max_length=20)
    attachment_ids: list[str] = ListField(IdField(references="MediaAttachment"), max_length=10)
    visibility: str = StateField(DoubtVisibility, default=DoubtVisibility.COURSE, required=True)
    accepted_reply_id: str | None = IdField(references="DoubtReply")
    duplicate_of: str | None = IdField(references="Doubt")
    close_reason: str | None = StringField(max_length=500)
    sla: DoubtSla = EmbeddedDocumentField(DoubtSla, default=DoubtSla, required=True)
    reply_count: int = WholeField(required=True, default=0, min_value=0)
    votes: int = WholeField(required=True, default=0)
    status: str = StateField(DoubtStatus, default=DoubtStatus.OPEN, required=True)

    meta: ClassVar[dict[str, Any]] = {
        "collection": "doubts",
        "indexes": [
            ("trainer_id", "status", "sla.next_due_at"),
            ("course_id", "status", "created_at"),
            ("student_id", "created_at"),
        ],
    }
