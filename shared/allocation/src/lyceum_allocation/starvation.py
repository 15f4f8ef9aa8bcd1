"""Who has waited so long that a person should act: told once per epoch, with what is missing."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.explanation import Explainer, Shortage, shortage_of
from lyceum_allocation.models import Allocation
from lyceum_allocation.rules import STARVED_AFTER, Candidate
from lyceum_allocation.states import WAITING_STATES
from lyceum_allocation.transitions import Change
from lyceum_contracts import AllocationStarved
from lyceum_database import Clock

LONGEST_TEXT = 500
"""What the event has room for."""

GRACE = timedelta(minutes=5)
"""While somebody could serve a student this very moment, the sweep that looks at him is about to; later it is news."""


def starved_for(waiter: Allocation, now: datetime) -> timedelta | None:
    """Say for how long a student has waited, if that is too long and nobody was told of it in this epoch."""
    is_known = waiter.state not in WAITING_STATES or waiter.starved_epoch == waiter.epoch
    if is_known or waiter.waiting_since is None:
        return None
    waited = now - waiter.waiting_since
    return waited if waited >= STARVED_AFTER else None


def starve(waiter: Allocation, shortage: Shortage, now: datetime) -> Change | None:
    """Ask for a person, once per epoch."""
    waited = starved_for(waiter, now)
    if waited is None:
        return None
    if shortage.stage is None and waited < STARVED_AFTER + GRACE:
        return None
    event = AllocationStarved(
        allocation_id=waiter.id,
        epoch=waiter.epoch,
        student_id=waiter.student_id,
        course_id=waiter.course_id,
        subject=waiter.subject,
        language=waiter.language,
        waiting_since=waiter.waiting_since,
        waited_s=int(waited.total_seconds()),
        relaxed=shortage.relaxed,
        missing=f"{shortage.skill}: {shortage.text}"[:LONGEST_TEXT],
        stage=shortage.stage or "",
    )
    note = {"what": "starved", "missing": shortage.skill, "stage": shortage.stage or "somebody is free"}
    return Change(fields={"starved_epoch": waiter.epoch}, events=(event,), note=note)


class Starvation:
    """Tells of those who starve; part of the sweep, which reads everybody who waits anyway."""

    def __init__(self, allocations: AllocationRepository, *, clock: Clock) -> None:
        self._allocations = allocations
        self._explainer = Explainer(allocations, clock=clock)
        self._clock = clock

    def tell(self, waiters: Iterable[Allocation]) -> int:
        """Write down the event of everybody among these who starves; returns how many.

        Whoever was changed by somebody else meanwhile is looked at again by the next sweep.
        """
        told, of_subject = 0, dict[Any, list[Candidate]]()
        for waiter in waiters:
            now = self._clock()
            if starved_for(waiter, now) is None:
                continue
            subject = (waiter.org_id, (waiter.skill or "").partition("|")[0])
            if subject not in of_subject:
                of_subject[subject] = self._explainer.teachers(waiter)
            change = starve(waiter, shortage_of(waiter, of_subject[subject], now), now)
            told += bool(change and self._allocations.write(waiter, change))
        return told
