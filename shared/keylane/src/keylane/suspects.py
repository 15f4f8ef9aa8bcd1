"""Messages whose runs ended with their process, twice in a row or more: one of them may be what ends it.

Side by side they would die together every time, and be given up together. So they run one at a time, and wait for their
turn here, without a claim and without a word to the store.
"""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from keylane.inbox import Claim
    from keylane.lane import Head, Lane
    from keylane.retry import RetryPolicy

log = logging.getLogger("keylane")

SUSPECT_FROM: Final = 2
"""Deaths in a row from which on a message is suspected. One death has as many victims as ran at the time: to run them
one by one would take hours where runs are long."""
LOOK_S: Final = 30.0
"""How often those that wait look whose turn it is, and say so, in seconds; the end of a turn wakes the next at once."""


class Suspects:
    """Whose turn it is.

    Args:
        policy: A message dies at its limit of deaths, so it is suspected before; a turn lasts no longer than a run may.
        wake: Makes parked lanes run now.
        monotonic: Seconds.

    Attributes:
        turn: The lane that may run; only the lane's own end of a run ends it.
    """

    def __init__(
        self,
        policy: RetryPolicy,
        *,
        wake: Callable[[Iterable[Lane]], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._from = max(1, min(SUSPECT_FROM, policy.max_abandoned_claims - 1))
        self._limit_s = policy.timeout.total_seconds()
        self._wake = wake
        self._monotonic = monotonic
        self._waiting: dict[Lane, None] = {}
        self._since = 0.0
        self._said_at = 0.0
        self.turn: Lane | None = None

    def may_run(self, lane: Lane, claim: Claim) -> bool:
        """Whether this claim's message may run now; else its lane stands in line."""
        if claim.abandoned < self._from or self._takes_turn(lane):
            return True
        self._waiting.setdefault(lane)
        return False

    async def wait(self, lane: Lane, head: Head) -> float | None:
        """The step of one that stands in line: from the start once it is its turn, else seconds to wait."""
        if self._takes_turn(lane):
            head.step = head.first
            return None
        return self.pause_s()

    def pause_s(self) -> float:
        """Seconds until one that stands in line looks again."""
        if self.turn is None:  # it ended while this one was giving its claim back
            return 0.0
        return min(LOOK_S, max(0.01, self._since + self._limit_s - self._monotonic()))

    def ended(self) -> None:
        """The run whose turn it was is over: the next."""
        self.turn = None
        for lane in list(self._waiting):
            if not lane.partition.revoked:
                self._wake([lane])
                return
            del self._waiting[lane]

    def _takes_turn(self, lane: Lane) -> bool:
        now = self._monotonic()
        if self.turn not in (None, lane) and now - self._since < self._limit_s:  # a thread may exceed it for ever
            self._say(now)
            return False
        if self.turn is not lane:
            self.turn, self._since, self._said_at = lane, now, now
        self._waiting.pop(lane, None)
        return True

    def _say(self, now: float) -> None:
        if self.turn is None or now - self._said_at < LOOK_S:
            return
        self._said_at = now
        place, record = self.turn.partition.tp, self.turn.queue[0]
        log.warning(
            "%d messages whose runs ended with their process wait for %s-%d@%d, which has run for %.0f s",
            len(self._waiting),
            place.topic,
            place.partition,
            record.offset,
            now - self._since,
            extra={
                "action": "suspects_wait",
                "topic": place.topic,
                "partition": place.partition,
                "offset": record.offset,
                "waiting": len(self._waiting),
            },
        )
