"""Allocations: what became of a right to a trainer. Consumers dedupe on the event id and on (allocation, epoch)."""

from typing import ClassVar

from lyceum_contracts.event import Event
from lyceum_contracts.fields import Count, Id, LanguageTag, Moment, SubjectName, Text
from lyceum_contracts.topics import (
    ALLOCATION_STARVED,
    ALLOCATION_WAITLISTED,
    TRAINER_ALLOCATED,
    TRAINER_DEALLOCATED,
    TRAINER_REALLOCATED,
)

__all__ = [
    "AllocationStarved",
    "AllocationWaitlisted",
    "TrainerAllocated",
    "TrainerDeallocated",
    "TrainerReallocated",
]


class AllocationEvent(Event):
    """The fields of every event about one allocation."""

    allocation_id: Id
    epoch: Count
    """Grows whenever a new seat is sought; what is said of an older epoch is over."""
    student_id: Id
    course_id: Id


class TrainerAllocated(AllocationEvent):
    """The student has this trainer, and the trainer's seat is held."""

    type: ClassVar[str] = TRAINER_ALLOCATED

    trainer_id: Id
    subject: SubjectName
    language: LanguageTag
    purchase_ids: tuple[Id, ...]
    allocated_at: Moment
    conceded: tuple[Text, ...] = ()
    """What the student gave up while he waited and this trainer does not offer: `hours`, `first language`."""


class AllocationWaitlisted(AllocationEvent):
    """Nobody suitable is free; the student keeps his place in the queue of the skill."""

    type: ClassVar[str] = ALLOCATION_WAITLISTED

    subject: SubjectName
    language: LanguageTag
    waiting_since: Moment


class TrainerReallocated(AllocationEvent):
    """The student has another trainer from now on; the former one kept the seat until this moment."""

    type: ClassVar[str] = TRAINER_REALLOCATED

    from_trainer_id: Id
    to_trainer_id: Id
    cause: Text
    reallocated_at: Moment
    conceded: tuple[Text, ...] = ()
    """As in TRAINER_ALLOCATED."""


class TrainerDeallocated(AllocationEvent):
    """The student has no trainer any more."""

    type: ClassVar[str] = TRAINER_DEALLOCATED

    trainer_id: Id
    cause: Text
    deallocated_at: Moment


class AllocationStarved(AllocationEvent):
    """The student has waited so long that a person should act: nobody of this skill came free."""

    type: ClassVar[str] = ALLOCATION_STARVED

    subject: SubjectName
    language: LanguageTag
    waiting_since: Moment
    waited_s: Count
    relaxed: tuple[Text, ...] = ()
    """Requirements already dropped while waiting."""
    missing: Text = ""
    """The skill that nobody has free and why, in words: `math|en: 12 teach math -> 7 in en -> 0 with a free seat`."""
    stage: Text = ""
    """What the last candidates fail: subject, skill, inactive, leave, excluded, hours, full, daily cap; or nothing."""
