"""What is in store for each event; it travels in the event's id, so that every process and the judge agree on it."""

from enum import StrEnum
from random import Random

from keylane import Fatal

MAX_ATTEMPTS = 5
MAX_ABANDONED = 5
"""Starts in a row without an outcome, after which a message is given up as a crash loop."""


class Fate(StrEnum):
    """How the runs of an event end."""

    OK = "ok"
    FAILS_1 = "fails1"
    FAILS_2 = "fails2"
    FAILS_3 = "fails3"
    FAILS_4 = "fails4"
    DOOMED = "doomed"
    """Fails at every attempt: dead after the fifth."""
    FATAL = "fatal"
    """Dead at its first attempt."""
    POISON = "poison"
    """Its bytes are no event: dead without a run."""

    @property
    def dies(self) -> bool:
        """Whether it must end in the dead letters."""
        return self in (Fate.DOOMED, Fate.FATAL, Fate.POISON)

    @property
    def failures(self) -> int:
        """How many attempts fail."""
        return int(self[-1]) if self.startswith("fails") else MAX_ATTEMPTS if self is Fate.DOOMED else 0


SHARES = {
    Fate.OK: 84,
    Fate.FAILS_1: 4,
    Fate.FAILS_2: 2,
    Fate.FAILS_3: 1,
    Fate.FAILS_4: 2,
    Fate.DOOMED: 2,
    Fate.FATAL: 3,
    Fate.POISON: 2,
}
"""Per hundred events."""


def drawn(chance: Random) -> Fate:
    """A fate, by the shares."""
    return chance.choices(list(SHARES), weights=list(SHARES.values()))[0]


def named(name: str, fate: Fate, *, lingers_ms: int = 0) -> str:
    """The id of an event; `lingers_ms` is how long its runs take before they do anything."""
    return f"{name}+{lingers_ms}.{fate}" if lingers_ms else f"{name}.{fate}"


def fate_of(event_id: str) -> Fate:
    """What the id says."""
    return Fate(event_id.rpartition(".")[2])


def lingers_s(event_id: str) -> float:
    """How long each of its runs takes before it does anything, in seconds."""
    return int(event_id.rpartition(".")[0].partition("+")[2] or 0) / 1_000


class PlannedError(RuntimeError):
    """A failure that belongs to the event's fate."""


PLANNED = (PlannedError.__name__, Fatal.__name__)
"""Errors that are in store for events; all others are the servers' fault, and must not be counted."""


def fail_if_due(event_id: str, attempt: int) -> None:
    """Fail this attempt, if that is in store for the event.

    Raises:
        PlannedError: It is.
        Fatal: It is, and no other attempt shall follow.
    """
    if fate_of(event_id) is Fate.FATAL:
        raise Fatal("dead on purpose")
    if attempt <= fate_of(event_id).failures:
        raise PlannedError(f"attempt {attempt} fails on purpose")
