"""Why a student has his trainer, or none yet: what an operator answers when somebody asks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lyceum_allocation.allocations import AllocationRepository, Position, Queue, queues_of
from lyceum_allocation.candidates import wish_of
from lyceum_allocation.models import Allocation
from lyceum_allocation.rules import Candidate, funnel
from lyceum_allocation.states import UNSERVED_STATES, WAITING_STATES, AllocationState
from lyceum_allocation.survey import Survey
from lyceum_allocation.waiting_time import Estimate, estimate
from lyceum_allocation.wording import ARROW, decision_in_words, lost_at, stages
from lyceum_database import Clock


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody stands in a queue, 1 for its head, and when he may expect a seat from it."""

    skill: str
    position: int
    estimate: Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Shortage:
    """Why nobody serves a student who waits.

    Attributes:
        skill: what is missing.
        stage: the rule at which the last candidates were lost; None if somebody could serve him this moment.
        counts: who is left after each rule.
        relaxed: what he gave up while he waited.
        text: all of it in one line.
    """

    skill: str
    stage: str | None
    counts: Mapping[str, int]
    relaxed: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """Why an allocation is as it is.

    Attributes:
        why: one line.
        trainer_id: who serves the student, also until another one does.
        decision: what the trainer was chosen by, as kept at that moment.
        waiting_since: since when he waits; None if he does not.
        shortage: why nobody serves him; None if he does not wait.
        elsewhere: who but his trainer could serve him today, if a move of his was given up; None if none was.
        places: the queues in which he stands.
        is_starved: whether a person was asked to act.
        history: what happened, the newest 50 lines, oldest first.
    """

    allocation_id: str
    student_id: str
    course_id: str
    state: str
    skill: str | None
    why: str
    trainer_id: str | None = None
    decision: Mapping[str, Any] = field(default_factory=dict)
    waiting_since: datetime | None = None
    waited: timedelta | None = None
    shortage: Shortage | None = None
    elsewhere: str | None = None
    places: tuple[Place, ...] = ()
    is_starved: bool = False
    history: tuple[Mapping[str, Any], ...] = ()


def shortage_of(waiter: Allocation, teachers: list[Candidate], now: datetime) -> Shortage:
    """Say why nobody serves this student.

    Args:
        waiter: who waits.
        teachers: every trainer of his subject, in whatever language.
        now: the present moment.
    """
    wish = wish_of(waiter, now)
    counts = {"subject": len(teachers), **funnel(teachers, wish, now)}
    subject = wish.skill.partition("|")[0]
    languages = sorted((skill.partition("|")[2] for skill in wish.skills), key=lambda one: one != waiter.language)
    return Shortage(
        skill=wish.skill,
        stage=lost_at(counts),
        counts=counts,
        relaxed=tuple(str(what) for what in wish.relaxed),
        text=ARROW.join(stages(subject, languages, counts)),
    )


class Explainer:
    """Explains allocations by what is stored now; for a person who asks, not for every purchase."""

    def __init__(self, allocations: AllocationRepository, *, clock: Clock) -> None:
        self._allocations = allocations
        self._clock = clock
        self._survey = Survey()

    def explain(self, allocation: Allocation) -> Explanation:
        """Explain one allocation as it was read."""
        now, stored = self._clock(), allocation.to_mongo().to_dict()
        waits = allocation.state in WAITING_STATES
        shortage = shortage_of(allocation, self.teachers(allocation), now) if waits else None
        return Explanation(
            allocation_id=allocation.id,
            student_id=allocation.student_id,
            course_id=allocation.course_id,
            state=allocation.state,
            skill=allocation.skill,
            why=_why(allocation, shortage),
            trainer_id=None if allocation.state in UNSERVED_STATES else allocation.trainer_id,
            decision=stored.get("decision", {}),
            waiting_since=allocation.waiting_since,
            waited=now - allocation.waiting_since if waits and allocation.waiting_since else None,
            shortage=shortage,
            elsewhere=self._elsewhere(allocation, now) if _was_kept(allocation, stored) else None,
            places=self._places(allocation, now) if waits else (),
            is_starved=waits and allocation.starved_epoch == allocation.epoch,
            history=tuple(stored.get("history", ())),
        )

    def teachers(self, allocation: Allocation) -> list[Candidate]:
        """Read every trainer of the allocation's subject, in whatever language."""
        subject = (allocation.skill or "").partition("|")[0]
        return list(self._survey.teaching(org_id=allocation.org_id, subject=subject))

    def _elsewhere(self, allocation: Allocation, now: datetime) -> str:
        others = [one for one in self.teachers(allocation) if one.trainer_id != allocation.trainer_id]
        shortage = shortage_of(allocation, others, now)
        return shortage.text if shortage.stage else f"{shortage.text}: somebody is free by now"

    def _places(self, waiter: Allocation, now: datetime) -> tuple[Place, ...]:
        in_demand = {queue.skill for queue in self._allocations.queues(now=now, org_id=waiter.org_id)}
        return tuple(self._place(waiter, queue, in_demand, now) for queue in queues_of(waiter, now))

    def _place(self, waiter: Allocation, queue: Queue, in_demand: set[str], now: datetime) -> Place:
        position = 1 + self._allocations.ahead(queue, Position.of(waiter), now=now)
        trainers = self._survey.releases(org_id=queue.org_id, skill=queue.skill)
        return Place(
            queue.skill, position, estimate(position, trainers, skill=queue.skill, in_demand=in_demand, now=now)
        )


def _was_kept(allocation: Allocation, stored: Mapping[str, Any]) -> bool:
    """Tell whether the last thing that happened was a move for which nobody was free."""
    last = stored.get("history", ())[-1:]
    return allocation.state == AllocationState.ASSIGNED and any(line["what"] == "stayed" for line in last)


def _why(allocation: Allocation, shortage: Shortage | None) -> str:
    if shortage is not None:
        return shortage.text if shortage.stage else f"{shortage.text}: somebody is free, the next sweep serves him"
    if allocation.state == AllocationState.CANCELLED:
        return "every purchase was refunded" if allocation.epoch else "its refund came before its purchase"
    return decision_in_words(allocation.decision)
