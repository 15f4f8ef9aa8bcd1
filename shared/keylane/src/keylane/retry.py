"""How often, and how long apart, a failing message is run again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from keylane.arguments import check_count, check_duration
from keylane.errors import ConfigurationError

if TYPE_CHECKING:
    import random

MAX_FACTOR = 100.0
"""Largest growth per attempt: it reaches any cap, and no number overflows on the way."""
OUTAGE_CAP_S = 5.0
"""Longest pause between two tries at a server that is away, in seconds."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Backoff with full jitter: attempt n waits between 0 and `base * factor ** (n - 1)`, at most `cap`.

    Attributes:
        max_attempts: Failed runs after which the message is dead-lettered.
        base: Upper bound of the first wait.
        factor: Growth of that bound per attempt.
        cap: Longest wait.
        timeout: Longest run of an async handler; it is then cancelled and counts as failed. A thread cannot be
            cancelled, so a sync handler that overruns is logged and its own outcome counts.
        max_abandoned_claims: Starts in a row without any outcome (the process died) after which the message is
            dead-lettered as `crash_loop`.
        outages_to_open: Outages in a row of one server (the store, a type's handler, a dead-letter topic) after which
            all that need it wait, but for one probe at a time.
    """

    max_attempts: int = 5
    base: timedelta = timedelta(seconds=0.5)
    factor: float = 3.0
    cap: timedelta = timedelta(seconds=30)
    timeout: timedelta = timedelta(minutes=5)
    max_abandoned_claims: int = 5
    outages_to_open: int = 5

    def __post_init__(self) -> None:
        """Refuse numbers that can never work.

        Raises:
            ConfigurationError: A count below 1, a factor that is not from 1 to 100, or a wrong duration.
        """
        for name in ("max_attempts", "max_abandoned_claims", "outages_to_open"):
            check_count(f"RetryPolicy.{name}", getattr(self, name))
        factor: Any = self.factor
        if not isinstance(factor, int | float) or not 1 <= factor <= MAX_FACTOR:
            raise ConfigurationError(f"RetryPolicy.factor is {factor!r}: it must be from 1 to {MAX_FACTOR:g}")
        for name in ("base", "cap"):
            check_duration(f"RetryPolicy.{name}", getattr(self, name), zero=True)
        check_duration("RetryPolicy.timeout", self.timeout)

    def ceiling_s(self, attempts: int) -> float:
        """Longest wait, in seconds, after `attempts` failed runs."""
        grown = self.base.total_seconds() * self.factor ** min(attempts - 1, 64)
        return min(grown, self.cap.total_seconds())

    def delay_s(self, attempts: int, *, jitter: random.Random) -> float:
        """Seconds to wait after `attempts` failed runs."""
        return jitter.uniform(0, self.ceiling_s(attempts))


def outage_delay_s(tries: int, *, jitter: random.Random) -> float:
    """Seconds to wait before the next try at a server that has been away for `tries` tries; never zero."""
    ceiling = min(0.1 * 2.0 ** min(tries, 16), OUTAGE_CAP_S)
    return jitter.uniform(ceiling / 2, ceiling)
