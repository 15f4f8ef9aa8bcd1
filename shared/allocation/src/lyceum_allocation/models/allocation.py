"""A student's right to a trainer in one course, and the trainer who serves it."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import BooleanField, DictField, IntField, ListField, StringField

from lyceum_allocation.keys import LONGEST_ACTOR, LONGEST_LANGUAGE, LONGEST_SKILL, LONGEST_SUBJECT
from lyceum_allocation.states import AllocationState
from lyceum_database import IdField, MomentField, Record, StateField


class Allocation(Record):
    """One per (organization, student, course); its id is made of the three. Purchases are grants inside it.

    Written by conditional updates only, see `AllocationRepository.write`. A seat is sought under a lease,
    `claiming_until`; somebody who waits for its holder to look again says so in `lease_awaited`.
    """

    student_id: str = IdField(required=True, references="User")
    course_id: str = IdField(required=True, references="Course")
    subject: str | None = StringField(max_length=LONGEST_SUBJECT)
    language: str | None = StringField(max_length=LONGEST_LANGUAGE)
    skill: str | None = StringField(max_length=LONGEST_SKILL)
    second_language: str | None = StringField(max_length=LONGEST_LANGUAGE)
    second_skill: str | None = StringField(max_length=LONGEST_SKILL)
    wants: list[int] = ListField(IntField(min_value=0, max_value=335))
    grants: list[str] = ListField(IdField())
    revoked: list[str] = ListField(IdField())
    state: str = StateField(AllocationState, default=AllocationState.CANCELLED, required=True)
    epoch: int = IntField(required=True, default=0, min_value=0)
    trainer_id: str | None = IdField(references="User")
    seat_epoch: int | None = IntField(min_value=1)
    excluded: list[str] = ListField(IdField(references="User"))
    priority: int = IntField(required=True, default=0)
    waiting_since: datetime | None = MomentField()
    waitlisted_epoch: int = IntField(required=True, default=0, min_value=0)
    starved_epoch: int = IntField(required=True, default=0, min_value=0)
    claiming_until: datetime | None = MomentField()
    lease_awaited: bool = BooleanField(required=True, default=False)
    moves: int = IntField(required=True, default=0, min_value=0)
    moved_at: datetime | None = MomentField()
    move_reason: str | None = StringField(max_length=20)
    move_actor: str | None = StringField(max_length=LONGEST_ACTOR)
    assigned_at: datetime | None = MomentField()
    decision: dict[str, Any] = DictField()
    history: list[dict[str, Any]] = ListField(DictField())
    outbox: list[dict[str, Any]] = ListField(DictField())
    outbox_due: datetime | None = MomentField()

    meta: ClassVar[dict[str, Any]] = {
        "collection": "allocations",
        "indexes": [
            ("state", "org_id", "skill", "priority", "waiting_since", "id"),
            ("state", "org_id", "second_skill", "priority", "waiting_since", "id"),
            ("state", "id"),
            ("trainer_id", "state", "id"),
            {"fields": ["assigned_at"], "sparse": True},
            {"fields": ["outbox_due"], "sparse": True},
        ],
    }
