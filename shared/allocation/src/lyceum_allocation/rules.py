"""Who may serve a student, and who serves best. Pure: no storage, no clock.

Specification and the simulation behind the order: utilisation is the base; the scarcity term keeps versatile trainers
for rare skills, pays only near saturation and costs a little evenness, so it is a switch and both scores are kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from random import Random

FULL_MILLI = 1000
"""Utilisation is counted in thousandths: integers compare alike on every engine."""

PREVIOUS_TRAINER_BELOW_MILLI = 900
"""A student goes back to his previous trainer unless that one is nearly full."""

MIN_OVERLAP = 2
"""Half-hours of the week in which trainer and student can both meet: one lesson of an hour."""

SCARCITY_STEP_MILLI = 50
"""What each skill more costs a trainer with the scarcity term on, against utilisation rounded to tenths."""

EQUALS = 3
"""A random choice among this many of equal standing keeps workers from all wanting the same trainer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """What the choice looks at of one trainer, as read at `version`."""

    trainer_id: str
    version: int
    skills: frozenset[str]
    free: int
    capacity: int
    load: int
    active: bool = True
    avail: frozenset[int] = frozenset()
    on_leave_until: datetime | None = None
    max_new_per_day: int | None = None
    new_on: str | None = None
    new_that_day: int = 0
    last_assigned_at: datetime | None = None

    @property
    def util_milli(self) -> int:
        """Load against capacity."""
        return utilisation_milli(self.load, self.capacity)

    @property
    def scarcity_milli(self) -> int:
        """Utilisation in tenths plus a price for every skill: versatile trainers come last."""
        return round(self.util_milli, -2) + SCARCITY_STEP_MILLI * len(self.skills)

    def with_seat(self, weight: int, now: datetime) -> "Candidate":
        """The same trainer after a seat was taken."""
        return replace(
            self,
            version=self.version + 1,
            free=self.free - weight,
            load=self.load + weight,
            new_on=now.date().isoformat(),
            new_that_day=self.new_on_day(now) + 1,
            last_assigned_at=now,
        )

    def new_on_day(self, now: datetime) -> int:
        """Seats given on the day of `now`."""
        return self.new_that_day if self.new_on == now.date().isoformat() else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the choice looks at of one student."""

    skill: str
    wants: frozenset[int] = frozenset()
    excluded: frozenset[str] = frozenset()
    previous_trainer_id: str | None = None
    weight: int = 1


def utilisation_milli(load: int, capacity: int) -> int:
    """Load against capacity in thousandths; a trainer without capacity is full."""
    return FULL_MILLI if capacity <= 0 else load * FULL_MILLI // capacity


def refusal(candidate: Candidate, wish: Wish, now: datetime) -> str | None:
    """Name the first hard rule that keeps this trainer from this student, or None."""
    checks = (
        ("skill", wish.skill not in candidate.skills),
        ("inactive", not candidate.active),
        ("leave", candidate.on_leave_until is not None and now < candidate.on_leave_until),
        ("excluded", candidate.trainer_id in wish.excluded),
        ("hours", not _hours_overlap(candidate.avail, wish.wants)),
        ("full", candidate.free < wish.weight),
        ("daily cap", _daily_cap_reached(candidate, now)),
    )
    return next((rule for rule, broken in checks if broken), None)


def ranked(
    candidates: Iterable[Candidate], wish: Wish, *, now: datetime, random: Random, scarcity: bool
) -> list[Candidate]:
    """Order the trainers who may serve this student, best first.

    Previous trainer, then utilisation (with the scarcity term if it is on), then least recently assigned; of the best
    three of equal standing the first is drawn at random.
    """
    able = sorted(
        (candidate for candidate in candidates if refusal(candidate, wish, now) is None),
        key=lambda candidate: (_standing(candidate, wish, scarcity=scarcity), _assigned(candidate)),
    )
    return _with_a_drawn_first(able, wish, random=random, scarcity=scarcity)


def _with_a_drawn_first(able: list[Candidate], wish: Wish, *, random: Random, scarcity: bool) -> list[Candidate]:
    if not able:
        return able
    best = _standing(able[0], wish, scarcity=scarcity)
    equals: Sequence[Candidate] = [c for c in able[:EQUALS] if _standing(c, wish, scarcity=scarcity) == best]
    drawn = random.choice(equals)
    return [drawn, *(candidate for candidate in able if candidate is not drawn)]


def _standing(candidate: Candidate, wish: Wish, *, scarcity: bool) -> tuple[bool, int]:
    returning = candidate.trainer_id == wish.previous_trainer_id and candidate.util_milli < PREVIOUS_TRAINER_BELOW_MILLI
    return not returning, candidate.scarcity_milli if scarcity else candidate.util_milli


def _assigned(candidate: Candidate) -> tuple[float, str]:
    last = candidate.last_assigned_at
    return (float("-inf") if last is None else last.timestamp()), candidate.trainer_id


def _hours_overlap(avail: frozenset[int], wants: frozenset[int]) -> bool:
    # Nobody said when: any time will do.
    return not avail or not wants or len(avail & wants) >= min(MIN_OVERLAP, len(wants))


def _daily_cap_reached(candidate: Candidate, now: datetime) -> bool:
    cap = candidate.max_new_per_day
    return cap is not None and candidate.new_on_day(now) >= cap
