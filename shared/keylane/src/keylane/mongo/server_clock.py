"""The MongoDB server's time, as closely as its answers tell it: what leases are reckoned by on every host."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

DRIFT: Final = 0.0002
"""How much faster or slower a host's monotonic clock may run than the server's: twice what NTP allows."""


class ServerClock:
    """Runs on from the best answer so far.

    An answer was true when it was sent, so this clock can be late, by as long as the answer took, and never ahead: it
    takes no lease that lives. That error, and the drift since, are `late_s`; an answer that took longer than that, as
    that of a process that stood still meanwhile, does not replace a better one.

    Args:
        clock: Aware UTC, this host's own: used until the first answer.
        monotonic: Seconds.
    """

    def __init__(self, clock: Callable[[], datetime], monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._moment = clock()
        self._at = monotonic()
        self._took_s: float | None = None

    def heard(self, moment: datetime, *, asked_at: float) -> None:
        """The server said that it is `moment`, when asked at `asked_at` (monotonic seconds)."""
        now = self._monotonic()
        took_s = now - asked_at
        if self._took_s is None or took_s <= self.late_s:
            self._moment, self._at, self._took_s = moment, now, took_s

    def now(self) -> datetime:
        """Aware UTC."""
        return self._moment + timedelta(seconds=self._monotonic() - self._at)

    @property
    def late_s(self) -> float:
        """How late this clock can be, in seconds; 0 while it is this host's own, of which nothing is known."""
        return 0.0 if self._took_s is None else self._took_s + (self._monotonic() - self._at) * DRIFT
