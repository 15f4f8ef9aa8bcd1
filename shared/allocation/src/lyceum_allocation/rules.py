"""Who may serve a student, and who serves best. Pure: no storage, no clock.

Specification and the simulation behind the order: utilisation is the base; the scarcity term keeps versatile trainers
for rare skills, pays only near saturation and costs a little evenness, so it is a switch and both scores are kept.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random

RULES_VERSION = 2
"""Kept with each choice; raised whenever the same trainers and the same wish may give another order."""

FULL_MILLI = 1000
"""Utilisation is counted in thousandths: integers compare alike on every engine. Below it there is a free seat."""

PREVIOUS_TRAINER_BELOW_MILLI = 900
"""A student goes back to his previous trainer unless that one is nearly full."""

MIN_OVERLAP = 2
"""Half-hours of the week in which trainer and student can both meet: one lesson of an hour."""

SCARCITY_STEP_MILLI = 50
"""What each skill more costs a trainer with the scarcity term on, against utilisation rounded to tenths."""

EQUALS = 3
"""A random choice among this many of equal standing keeps workers from all wanting the same trainer."""


class Requirement(StrEnum):
    """What a student gives up while he waits; the subject is never among it."""

    HOURS = "hours"
    FIRST_LANGUAGE = "first language"


RELAXED_AFTER: Mapping[Requirement, timedelta] = {
    Requirement.HOURS: timedelta(hours=2),
    Requirement.FIRST_LANGUAGE: timedelta(hours=12),
}
STARVED_AFTER = timedelta(hours=24)
"""Then a person should act."""


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
    second_skill: str | None = None
    """The same subject in the second language, if the student named one."""
    wants: frozenset[int] = frozenset()
    excluded: frozenset[str] = frozenset()
    previous_trainer_id: str | None = None
    weight: int = 1
    waited: timedelta = timedelta(0)
    relaxed: tuple[Requirement, ...] = field(init=False)
    """What he asked for and has given up by now."""
    skills: frozenset[str] = field(init=False)
    """What a trainer may have, any of them."""

    def __post_init__(self) -> None:
        # Reckoned once: a wish is held against many trainers.
        asked = {Requirement.HOURS: bool(self.wants), Requirement.FIRST_LANGUAGE: self.second_skill is not None}
        relaxed = tuple(what for what, after in RELAXED_AFTER.items() if asked[what] and self.waited >= after)
        accepted = {self.skill, self.second_skill if Requirement.FIRST_LANGUAGE in relaxed else None} - {None}
        object.__setattr__(self, "relaxed", relaxed)
        object.__setattr__(self, "skills", frozenset(accepted))


def utilisation_milli(load: int, capacity: int) -> int:
    """Load against capacity in thousandths; a trainer without capacity is full."""
    return FULL_MILLI if capacity <= 0 else load * FULL_MILLI // capacity


def refusal(candidate: Candidate, wish: Wish, now: datetime) -> str | None:
    """Name the first hard rule that keeps this trainer from this student, or None."""
    # Asked lazily, the cheap rules first: this runs for every trainer that is looked at.
    return (
        ("skill" if wish.skills.isdisjoint(candidate.skills) else None)
        or (None if candidate.active else "inactive")
        or ("leave" if candidate.on_leave_until is not None and now < candidate.on_leave_until else None)
        or ("excluded" if candidate.trainer_id in wish.excluded else None)
        or (None if _hours_do(candidate, wish) else "hours")
        or ("full" if candidate.free < wish.weight else None)
        or ("daily cap" if _daily_cap_reached(candidate, now) else None)
    )


REFUSALS = ("skill", "inactive", "leave", "excluded", "hours", "full", "daily cap")
"""Every answer of `refusal`, in the order in which the rules are asked."""


def funnel(candidates: Iterable[Candidate], wish: Wish, now: datetime) -> dict[str, int]:
    """Count who is left after each hard rule, under the rule's name; the last figure counts those who may serve."""
    refused = Counter(refusal(candidate, wish, now) for candidate in candidates)
    left = refused.total()
    return {rule: (left := left - refused[rule]) for rule in REFUSALS}


def concessions(candidate: Candidate, wish: Wish) -> tuple[Requirement, ...]:
    """Name what this trainer does not offer of what the student asked for at first; empty for a strict match."""
    lacks = {
        Requirement.HOURS: not _hours_overlap(candidate.avail, wish.wants),
        Requirement.FIRST_LANGUAGE: wish.skill not in candidate.skills,
    }
    return tuple(what for what, is_lacking in lacks.items() if is_lacking)


def ranked(
    candidates: Iterable[Candidate], wish: Wish, *, now: datetime, random: Random, scarcity: bool
) -> list[Candidate]:
    """Order the trainers who may serve this student, best first.

    Fewest concessions, which only a relaxed wish can make; previous trainer; utilisation (with the scarcity term if it
    is on); least recently assigned. Of the best three of equal standing the first is drawn at random.
    """
    able = sorted(
        (candidate for candidate in candidates if refusal(candidate, wish, now) is None),
        key=lambda candidate: (standing(candidate, wish, scarcity=scarcity), _assigned(candidate)),
    )
    return _with_a_drawn_first(able, wish, random=random, scarcity=scarcity)


def _with_a_drawn_first(able: list[Candidate], wish: Wish, *, random: Random, scarcity: bool) -> list[Candidate]:
    if not able:
        return able
    best = standing(able[0], wish, scarcity=scarcity)
    equals: Sequence[Candidate] = [c for c in able[:EQUALS] if standing(c, wish, scarcity=scarcity) == best]
    drawn = random.choice(equals)
    return [drawn, *(candidate for candidate in able if candidate is not drawn)]


def is_returning(candidate: Candidate, wish: Wish) -> bool:
    """Tell whether the student goes back to his previous trainer, who is not nearly full."""
    return candidate.trainer_id == wish.previous_trainer_id and candidate.util_milli < PREVIOUS_TRAINER_BELOW_MILLI


def standing(candidate: Candidate, wish: Wish, *, scarcity: bool) -> tuple[int, bool, int]:
    """Give what trainers are compared by, the best first: concessions, whether he returns, and the score."""
    score = candidate.scarcity_milli if scarcity else candidate.util_milli
    # Nobody concedes anything to whom nothing was relaxed.
    return len(concessions(candidate, wish)) if wish.relaxed else 0, not is_returning(candidate, wish), score


def _assigned(candidate: Candidate) -> tuple[float, str]:
    last = candidate.last_assigned_at
    return (float("-inf") if last is None else last.timestamp()), candidate.trainer_id


def _hours_do(candidate: Candidate, wish: Wish) -> bool:
    return Requirement.HOURS in wish.relaxed or _hours_overlap(candidate.avail, wish.wants)


def _hours_overlap(avail: frozenset[int], wants: frozenset[int]) -> bool:
    # Nobody said when: any time will do.
    return not avail or not wants or len(avail & wants) >= min(MIN_OVERLAP, len(wants))


def _daily_cap_reached(candidate: Candidate, now: datetime) -> bool:
    cap = candidate.max_new_per_day
    return cap is not None and candidate.new_on_day(now) >= cap
