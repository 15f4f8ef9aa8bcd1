"""What a student and the trainer of a course write in."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import EmbeddedDocumentListField

from chat_service.models.participant import Participant
from chat_service.states import ConversationStatus
from lyceum_database import IdField, MomentField, Record, StateField, UniqueKey, WholeField


class Conversation(Record):
    """One per student and course, for as long as both exist; the trainer changes with the allocation.

    `last_seq` is a hint, raised after a message was stored; the messages themselves are the truth.
    """

    student_id: str = IdField(required=True, references="User")
    course_id: str = IdField(required=True, references="Course")
    student_course_key: str | None = UniqueKey("org_id", "student_id", "course_id")
    trainer_id: str | None = IdField(references="User")
    allocation_id: str | None = IdField()
    members: list[Participant] = EmbeddedDocumentListField(Participant, max_length=200)
    last_seq: int = WholeField(required=True, default=0, min_value=0)
    last_at: datetime | None = MomentField()
    status: str = StateField(ConversationStatus, default=ConversationStatus.OPEN, required=True)

    meta: ClassVar[dict[str, Any]] = {"collection": "conversations", "indexes": [("members.user_id", "-last_at")]}
