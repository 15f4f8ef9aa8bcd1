"""Writes facts into enrolments, each once in effect."""

from collections.abc import Callable
from functools import partial

from course_service.changes import Change
from course_service.enrolments import rules
from course_service.enrolments.repository import EnrolmentRepository, enrolment_id
from course_service.models import Enrolment
from lyceum_contracts import (
    AllocationWaitlisted,
    TrainerAllocated,
    TrainerDeallocated,
    TrainerReallocated,
)
from lyceum_database import Clock, Duplicate, until_settled, utc_now

Decide = Callable[[Enrolment], rules.Fields | None]


class EnrolmentService:
    """Access to courses, and who teaches. Any number of processes may tell the same, in any order."""

    def __init__(self, enrolments: EnrolmentRepository, *, clock: Clock = utc_now) -> None:
        self._enrolments = enrolments
        self._clock = clock

    def purchases_changed(
        self, org_id: str, student_id: str, course_id: str, *, paid: str | None, given_back: str | None
    ) -> None:
        """Write down that a purchase was paid, and that one was given back in full.

        Raises:
            Contended: too many writers at once.
        """
        decide = partial(rules.granted, paid=paid, given_back=given_back, now=self._clock())
        self._record(org_id, student_id, course_id, decide)

    def allocated(self, event: TrainerAllocated, *, org_id: str) -> None:
        """Write down that the student has a trainer."""
        self._seated(event, event.trainer_id, org_id, over=False)

    def reallocated(self, event: TrainerReallocated, *, org_id: str) -> None:
        """Write down that the student has another trainer."""
        self._seated(event, event.to_trainer_id, org_id, over=False)

    def deallocated(self, event: TrainerDeallocated, *, org_id: str) -> None:
        """Write down that the student has no trainer any more."""
        self._seated(event, event.trainer_id, org_id, over=True)

    def waitlisted(self, event: AllocationWaitlisted, *, org_id: str) -> None:
        """Write down that the student waits."""
        decide = partial(
            rules.waitlisted, allocation_id=event.allocation_id, epoch=event.epoch, since=event.waiting_since
        )
        self._record(org_id, event.student_id, event.course_id, decide)

    def _seated(
        self,
        event: TrainerAllocated | TrainerReallocated | TrainerDeallocated,
        trainer_id: str,
        org_id: str,
        *,
        over: bool,
    ) -> None:
        decide = partial(
            rules.seated, allocation_id=event.allocation_id, epoch=event.epoch, trainer_id=trainer_id, over=over
        )
        self._record(org_id, event.student_id, event.course_id, decide)

    def _record(self, org_id: str, student_id: str, course_id: str, decide: Decide) -> None:
        until_settled(partial(self._try, org_id, student_id, course_id, decide))

    def _try(self, org_id: str, student_id: str, course_id: str, decide: Decide) -> bool | None:
        """Join a fact with what is there; None if somebody was faster."""
        found = self._enrolments.of(org_id, student_id, course_id)
        seen = found or Enrolment(
            id=enrolment_id(org_id, student_id, course_id), org_id=org_id, student_id=student_id, course_id=course_id
        )
        fields = decide(seen)
        if fields is None:
            return True
        if found is None:
            return self._insert(seen, fields)
        return self._enrolments.change(seen, Change(fields)) or None

    def _insert(self, seen: Enrolment, fields: rules.Fields) -> bool | None:
        for name, value in fields.items():
            setattr(seen, name, value)
        try:
            self._enrolments.insert(seen)
        except Duplicate:
            return None
        return True
