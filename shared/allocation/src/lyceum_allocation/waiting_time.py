"""When somebody who waits may expect a trainer, from how often seats came free. Pure, and silent rather than wrong."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

WINDOW = timedelta(days=28)
"""Whole weeks, since most things that students do repeat by the week."""

FEWEST_RELEASES = 3
"""Below this an average says nothing."""

FREED_KEPT = 20
"""Moments that a trainer's document keeps: enough to tell how often, and no more than a line of it."""

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Estimate:
    """When to expect a seat, or why nobody can tell.

    Attributes:
        at: about when; None if nobody can tell.
        per_day: seats that come free for this queue in a day.
        reason: one line, what the estimate rests on or what it lacks.
    """

    at: datetime | None
    per_day: float
    reason: str


def estimate(
    position: int, trainers: Iterable[Mapping[str, Any]], *, skill: str, in_demand: Collection[str], now: datetime
) -> Estimate:
    """Estimate when the student at this place in a queue gets a seat.

    A trainer's seat that comes free may go to any of his skills for which somebody waits: it counts for each in equal
    shares.

    Args:
        position: 1 for the head of the queue.
        trainers: skills, `freed` and `created_at` of each trainer of the skill.
        skill: whose queue it is.
        in_demand: skills for which somebody waits.
        now: the present moment.
    """
    releases, per_day, longest = 0, 0.0, _DAY
    for trainer in trainers:
        count, span = _lately(trainer, now)
        releases += count
        longest = max(longest, span) if count else longest
        per_day += count * (_DAY / span) / len({skill, *in_demand} & set(trainer["skills"]))
    if releases < FEWEST_RELEASES:
        return Estimate(None, per_day, f"{releases} seats for {skill} came free in {WINDOW.days} days: too few to tell")
    return Estimate(
        now + position * _DAY / per_day,
        per_day,
        f"{releases} seats for {skill} came free in the last {_days(longest)}, {per_day:.2g} a day for this queue",
    )


def _days(span: timedelta) -> str:
    days = -(-span // _DAY)
    return "day" if days == 1 else f"{days} days"


def _lately(trainer: Mapping[str, Any], now: datetime) -> tuple[int, timedelta]:
    """Count a trainer's releases in the window, and say how long that window is for him; at least a day."""
    since = max(now - WINDOW, trainer["created_at"])
    kept = trainer.get("freed", ())
    freed = [moment for moment in kept if moment >= since]
    # A full list says nothing of the time before its first entry.
    if len(freed) == FREED_KEPT:
        since = min(freed)
    return len(freed), max(now - since, _DAY)
