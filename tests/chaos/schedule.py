"""When which fault comes: drawn from a seed, so that a run can be repeated as far as processes allow."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from random import Random

from .orders import LEASE, SESSION

KILL_EVERY_S = 2.0
ZOMBIE_EVERY_S = 15.0
ZOMBIE_S = max(SESSION, LEASE).total_seconds() + 1.5
"""How long a worker is suspended: past its session, its lease, and a peer's look at it."""
RESTART_EVERY_S = 4.0
CALM_BEFORE_S = 4.0
"""At first the workers join undisturbed."""


class Kind(StrEnum):
    """What happens."""

    KILL = "kill -9 of a worker"
    ZOMBIE = "a worker suspended past session and lease"
    RESTARTED = "a worker told to stop and replaced"
    BROKER_STOPPED = "broker stopped and started"
    BROKER_KILLED = "broker killed and started"
    BROKER_FROZEN = "broker frozen"
    STORE_FROZEN = "database frozen"
    STORE_CUT = "database connections cut"
    STORE_REFUSED = "database connections refused"
    STORE_SWALLOWED = "database behind a black hole"
    STORE_SLOW = "database slow"


class Amid(StrEnum):
    """What goes on in the very moment in which a worker is told to stop."""

    WORK = "amid work"
    OUTAGE = "without the database"
    REBALANCE = "amid a rebalance"
    LONG_RUN = "amid a run longer than the drain"


LASTS_S = {
    Kind.BROKER_STOPPED: 1.0,
    Kind.BROKER_KILLED: 0.0,
    Kind.BROKER_FROZEN: SESSION.total_seconds() + 1.0,
    Kind.STORE_FROZEN: 2.5,
    Kind.STORE_CUT: 0.0,
    Kind.STORE_REFUSED: 1.5,
    Kind.STORE_SWALLOWED: 2.5,
    Kind.STORE_SLOW: 2.0,
}
"""Seconds; a broker needs some more to come up."""


STORE_AWAY = frozenset({Kind.STORE_FROZEN, Kind.STORE_CUT, Kind.STORE_REFUSED, Kind.STORE_SWALLOWED})


@dataclass(frozen=True)
class Fault:
    """One entry of the workers' schedule.

    Attributes:
        at_s: Seconds since the first event was published.
        kind: What happens.
        seconds: How long it lasts.
        lot: 0 to 1, picks the victim among the workers that there are then.
        amid: For a restart, what it waits for.
    """

    at_s: float
    kind: Kind
    seconds: float
    lot: float
    amid: Amid | None = None


def worker_faults(chance: Random, seconds: float) -> list[Fault]:
    """One kill in every two seconds, at a random moment of them, and now and then a suspension."""
    kills = [
        Fault(start + chance.uniform(0, KILL_EVERY_S), Kind.KILL, 0.0, chance.random())
        for start in steps(CALM_BEFORE_S, seconds - KILL_EVERY_S, KILL_EVERY_S)
    ]
    zombies = [
        Fault(start + chance.uniform(0, 4), Kind.ZOMBIE, ZOMBIE_S, chance.random())
        for start in steps(CALM_BEFORE_S, seconds - ZOMBIE_S - 4, ZOMBIE_EVERY_S)
    ]
    return sorted([*kills, *zombies], key=lambda fault: fault.at_s)


def restarts(chance: Random, seconds: float) -> list[Fault]:
    """One every few seconds, each kind of moment in its turn; outages first, as they have to be waited for."""
    others = [one for one in Amid if one is not Amid.OUTAGE]
    starts = steps(CALM_BEFORE_S, seconds - RESTART_EVERY_S, RESTART_EVERY_S)
    moments: list[Amid] = []
    while len(moments) < len(starts):
        moments += [Amid.OUTAGE, *chance.sample(others, len(others))]
    return [
        Fault(start, Kind.RESTARTED, 0.0, chance.random(), amid) for start, amid in zip(starts, moments, strict=False)
    ]


def server_faults(chance: Random) -> Iterator[Kind]:
    """Every kind once in each round, in an order of its own, without end."""
    while True:
        yield from chance.sample(list(LASTS_S), len(LASTS_S))


def between_s(seconds: float) -> float:
    """Seconds from the end of one fault of a server to the next: short runs have each kind once, long ones more work."""
    return min(6.0, seconds / 24)


def steps(start: float, end: float, width: float) -> list[float]:
    """Equally spaced moments."""
    return [start + width * index for index in range(max(0, int((end - start) / width) + 1))]
