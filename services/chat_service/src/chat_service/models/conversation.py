"""What a student and the trainer of a course write in."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import DictField, EmbeddedDocumentListField, ListField, MapField

from chat_service.models.participant import Participant
from chat_service.models.pending_notice import PendingNotice
from chat_service.states import ConversationStatus
from lyceum_database import IdField, MomentField, Record, StateField, UniqueKey, WholeField

MOST_MEMBERS = 200


class Conversation(Record):
    """One per student and course, for as long as both exist; the trainer changes with the allocation.

    `version` counts changes of its members and its status. What messages and readers do to it leaves it alone: these
    fields are written by conditions of their own.

    Attributes:
        members: the student and the trainers, one per epoch, in order of epochs.
        read_seqs: by user id, the number up to which he has read; it only grows.
        last_seq: the number of the last message, or less: a hint that only grows. The messages are the truth.
        told_seq: up to this number messages have left their events in `outbox`, in order and each once.
        carried: ids of the last events that are not of new messages and were put into `outbox`.
        notices: what has still to be written into the conversation about its members, the oldest first.
        notices_due: when a sweep writes them; absent when there are none.
    """

    student_id: str = IdField(required=True, references="User")
    course_id: str = IdField(required=True, references="Course")
    student_course_key: str | None = UniqueKey("org_id", "student_id", "course_id")
    trainer_id: str | None = IdField(references="User")
    allocation_id: str | None = IdField()
    members: list[Participant] = EmbeddedDocumentListField(Participant, max_length=MOST_MEMBERS)
    read_seqs: dict[str, int] = MapField(WholeField(min_value=0))
    last_seq: int = WholeField(required=True, default=0, min_value=0)
    last_at: datetime | None = MomentField()
    told_seq: int = WholeField(required=True, default=0, min_value=0)
    carried: list[str] = ListField(IdField())
    notices: list[PendingNotice] = EmbeddedDocumentListField(PendingNotice)
    notices_due: datetime | None = MomentField()
    status: str = StateField(ConversationStatus, default=ConversationStatus.OPEN, required=True)
    outbox: list[dict[str, Any]] = ListField(DictField())
    outbox_due: datetime | None = MomentField()

    meta: ClassVar[dict[str, Any]] = {
        "collection": "conversations",
        "indexes": [
            ("members.user_id", "-last_at"),
            {"fields": ["notices_due"], "sparse": True},
            {"fields": ["outbox_due"], "sparse": True},
        ],
    }
