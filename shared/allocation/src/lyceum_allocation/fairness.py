"""How evenly trainers are used, and how long students wait: figures for operators, never on the way of a purchase.

Jain's index of utilisation (Jain, Chiu, Hawe 1984): 1 when all are equally used, 1/n when one of n does everything. An
alarm is due below 0.8 for an hour with more than 20 allocations.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from lyceum_allocation.rules import FULL_MILLI

WEEK = timedelta(days=7)
MOST_ALLOCATIONS = 20_000
"""Of the last week, the newest: a sample of this size settles a percentile, and bounds the reading."""

BY_HAND = "admin"
"""The reason of a move that a person decided, against what the rules would have done."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class SkillFairness:
    """Figures of one skill in one organization.

    Attributes:
        trainers: active ones who teach it, with room for anybody at all.
        jain: Jain's index of their utilisation; 1.0 while nobody has a student.
        util_min, util_max: of the least and the most utilised, 1 for full.
        seats, seats_taken: capacity and load of those trainers, whose seats may count for other skills too.
        new_per_trainer: seats taken in the last seven days and still held, by trainer.
        waiting: students in the queue.
        oldest_wait_s: of the longest wait there is now, seconds.
        served: allocations of the last seven days, up to the size of the sample.
        wait_p50_s, wait_p95_s: how long those had waited, seconds; None without any.
        strict_share: of those, who got all that they had asked for; None without any.
    """

    org_id: str
    skill: str
    trainers: int = 0
    jain: float = 1.0
    util_min: float = 0.0
    util_max: float = 0.0
    seats: int = 0
    seats_taken: int = 0
    new_per_trainer: float = 0.0
    waiting: int = 0
    oldest_wait_s: float = 0.0
    served: int = 0
    wait_p50_s: float | None = None
    wait_p95_s: float | None = None
    strict_share: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fairness:
    """Figures of all skills, as of one moment.

    Attributes:
        at: when they were read.
        skills: one per organization and skill that is taught or waited for.
        served: allocations of the last seven days, up to the size of the sample.
        moves_per_100: moves to another trainer, for each hundred allocations of the sample.
        manual_per_100: those of them that a person asked for.
    """

    at: datetime
    skills: tuple[SkillFairness, ...]
    served: int
    moves_per_100: float
    manual_per_100: float


@dataclass(slots=True)
class _Tally:
    """Running sums of one skill."""

    util: list[int] = field(default_factory=list)
    seats: int = 0
    taken: int = 0
    new: int = 0
    waiting: int = 0
    oldest: datetime | None = None
    waits: list[int] = field(default_factory=list)
    strict: int = 0


def jain(values: Sequence[float]) -> float:
    """Jain's fairness index; 1.0 for nobody, and while all are zero."""
    squares = sum(value * value for value in values)
    return 1.0 if not squares else sum(values) ** 2 / (len(values) * squares)


def percentile(values: Sequence[int], share: float) -> float | None:
    """Nearest rank: the smallest value that at least this share of all does not exceed."""
    if not values:
        return None
    rank = max(1, -(-len(values) * round(share * 100) // 100))
    return float(sorted(values)[rank - 1])


def fairness(trainers: Iterable[Row], waiting: Iterable[Row], served: Iterable[Row], *, now: datetime) -> Fairness:
    """Reckon the figures from what a survey streams past."""
    tallies: defaultdict[tuple[str, str], _Tally] = defaultdict(_Tally)
    for trainer in trainers:
        _count_trainer(trainer, tallies, now - WEEK)
    for waiter in waiting:
        _count_waiter(waiter, tallies)
    total = moves = manual = 0
    for row in served:
        total += 1
        is_move = (moved_at := row.get("moved_at")) is not None and moved_at >= now - WEEK
        moves += is_move
        manual += is_move and row.get("move_reason") == BY_HAND
        _count_served(row, row.get("decision") or {}, tallies)
    return Fairness(
        at=now,
        skills=tuple(_figures(*key, tallies[key], now) for key in sorted(tallies)),
        served=total,
        moves_per_100=100 * moves / total if total else 0.0,
        manual_per_100=100 * manual / total if total else 0.0,
    )


def _count_trainer(trainer: Row, tallies: defaultdict[tuple[str, str], _Tally], since: datetime) -> None:
    if trainer["capacity"] <= 0:
        return
    new = sum(1 for seat in trainer.get("seats", ()) if (at := seat.get("at")) is not None and at >= since)
    for skill in trainer.get("skills", ()):
        tally = tallies[trainer["org_id"], skill]
        tally.util.append(trainer["util_milli"])
        tally.seats += trainer["capacity"]
        tally.taken += trainer["load"]
        tally.new += new


def _count_waiter(waiter: Row, tallies: defaultdict[tuple[str, str], _Tally]) -> None:
    tally, since = tallies[waiter["org_id"], waiter["skill"]], waiter.get("waiting_since")
    tally.waiting += 1
    if since is not None and (tally.oldest is None or since < tally.oldest):
        tally.oldest = since


def _count_served(row: Row, decision: Row, tallies: defaultdict[tuple[str, str], _Tally]) -> None:
    tally = tallies[row["org_id"], row["skill"]]
    tally.waits.append(decision.get("waited_s", 0))
    tally.strict += not decision.get("conceded")


def _figures(org_id: str, skill: str, tally: _Tally, now: datetime) -> SkillFairness:
    util = [milli / FULL_MILLI for milli in tally.util]
    served = len(tally.waits)
    return SkillFairness(
        org_id=org_id,
        skill=skill,
        trainers=len(util),
        jain=jain(util),
        util_min=min(util, default=0.0),
        util_max=max(util, default=0.0),
        seats=tally.seats,
        seats_taken=tally.taken,
        new_per_trainer=tally.new / len(util) if util else 0.0,
        waiting=tally.waiting,
        oldest_wait_s=0.0 if tally.oldest is None else max(0.0, (now - tally.oldest).total_seconds()),
        served=served,
        wait_p50_s=percentile(tally.waits, 0.50),
        wait_p95_s=percentile(tally.waits, 0.95),
        strict_share=tally.strict / served if served else None,
    )
