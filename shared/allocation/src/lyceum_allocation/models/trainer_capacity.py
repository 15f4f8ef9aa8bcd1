"""How many students a trainer can take, and which seats are taken."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import BooleanField, EmbeddedDocumentListField, IntField, ListField, StringField

from lyceum_allocation.keys import LONGEST_ACTOR, LONGEST_SKILL
from lyceum_database import IdField, MomentField, Record
from modelguard import EmbeddedDocument


class Seat(EmbeddedDocument):
    """A seat that is taken: ``k`` is ``<allocation>:<epoch>``, ``w`` how much of the capacity it uses."""

    k: str = StringField(required=True, max_length=128)
    w: int = IntField(required=True, default=1, min_value=1)
    at: datetime | None = MomentField()


class TrainerCapacity(Record):
    """One per trainer; the id is the trainer's user id.

    `load`, `free`, `util_milli`, `seats` and `version` change in one conditional update, see `CapacityRepository`:
    load is the sum of the seats' weights, free is capacity - load. Capacity may be lowered below load; free is then
    negative, nobody loses a seat, no new one is given, and `overdraft` keeps by how much load exceeded capacity then.

    `freed` are the last moments at which a seat came free, from which a waiting student's time is reckoned; `judged_at`
    is when the reconciler last looked at the seats.
    """

    id: str = IdField(primary_key=True, required=True, references="User")
    skills: list[str] = ListField(StringField(max_length=LONGEST_SKILL))
    avail: list[int] = ListField(IntField(min_value=0, max_value=335))
    active: bool = BooleanField(required=True, default=True)
    on_leave_until: datetime | None = MomentField()
    leave_actor: str | None = StringField(max_length=LONGEST_ACTOR)
    capacity: int = IntField(required=True, min_value=0)
    load: int = IntField(required=True, default=0, min_value=0)
    free: int = IntField(required=True, default=0)
    overdraft: int = IntField(required=True, default=0, min_value=0)
    util_milli: int = IntField(required=True, default=0, min_value=0)
    max_new_per_day: int | None = IntField(min_value=0)
    new_on: str | None = StringField(max_length=10)
    new_that_day: int = IntField(required=True, default=0, min_value=0)
    last_assigned_at: datetime | None = MomentField()
    seats: list[Seat] = EmbeddedDocumentListField(Seat)
    freed: list[datetime] = ListField(MomentField())
    judged_at: datetime | None = MomentField()

    meta: ClassVar[dict[str, Any]] = {
        "collection": "trainer_capacity",
        "indexes": [
            ("org_id", "skills", "util_milli", "last_assigned_at", "id"),
            ("judged_at", "id"),
            ("active", "load"),
            {"fields": ["on_leave_until"], "sparse": True},
            "seats.k",
        ],
    }
