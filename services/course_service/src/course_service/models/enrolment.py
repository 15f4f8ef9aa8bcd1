"""A student's access to a course, and the trainer that goes with it."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import ListField

from course_service.states import EnrolmentStatus
from lyceum_database import FlagField, IdField, MomentField, Record, StateField, UniqueKey, WholeField


class Enrolment(Record):
    """One per (organization, student, course). Access is a set of grants: one refund takes its own grant, and no other.

    Both sets only grow, so what arrives late, twice or in another order changes nothing in the end: there is access
    while some grant is not revoked. The same holds for what allocations tell: of seats, the highest epoch counts, and
    within one epoch its end; of waiting, the highest epoch.

    Attributes:
        grants: purchases that were paid.
        revoked: purchases that were given back in full.
        seat_epoch: the newest epoch of which a trainer was told; 0 for none yet.
        seat_over: whether that trainer was taken away again.
        waiting_epoch: the newest epoch in which the student was told to wait; he waits if no seat is as new.
    """

    student_id: str = IdField(required=True, references="User")
    course_id: str = IdField(required=True, references="Course")
    enrolment_key: str | None = UniqueKey("org_id", "student_id", "course_id")
    grants: list[str] = ListField(IdField(references="Purchase"))
    revoked: list[str] = ListField(IdField(references="Purchase"))
    status: str = StateField(EnrolmentStatus, default=EnrolmentStatus.NONE, required=True)
    allocation_id: str | None = IdField()
    seat_epoch: int = WholeField(required=True, default=0, min_value=0)
    seat_over: bool = FlagField(default=False)
    trainer_id: str | None = IdField(references="User")
    waiting_epoch: int = WholeField(required=True, default=0, min_value=0)
    waiting_since: datetime | None = MomentField()
    enrolled_at: datetime | None = MomentField()

    meta: ClassVar[dict[str, Any]] = {
        "collection": "enrolments",
        "indexes": [("org_id", "student_id", "status", "id")],
    }
