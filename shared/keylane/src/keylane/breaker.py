"""A circuit breaker: after some outages in a row a server is left alone, but for one probe at a time."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from keylane.retry import outage_delay_s

if TYPE_CHECKING:
    import random
    from collections.abc import Callable


class State(Enum):
    """Whether calls to a server are made."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Breaker:
    """The state of one server as its callers have met it; holds nothing and waits for nothing.

    Closed, every call is made. Open, none is, until the pause has passed; then one caller is admitted, the probe, and
    the breaker is half open. A success closes it from any state: whoever made the call, the server has answered.

    Attributes:
        state: Now.
        failures: Outages in a row.
        opened: How often it has opened.

    Args:
        after: Outages in a row that open it.
        monotonic: Seconds.
        jitter: Of the pause between probes, which doubles up to 5 s.
    """

    __slots__ = ("_after", "_jitter", "_monotonic", "_probe_at", "_probes", "failures", "opened", "state")

    def __init__(self, after: int, *, monotonic: Callable[[], float], jitter: random.Random) -> None:
        self._after = after
        self._monotonic = monotonic
        self._jitter = jitter
        self._probe_at = 0.0
        self._probes = 0
        self.state = State.CLOSED
        self.failures = 0
        self.opened = 0

    def failed(self) -> None:
        """A call met an outage."""
        self.failures += 1
        if self.state is State.HALF_OPEN:
            self._open()
        elif self.state is State.CLOSED and self.failures >= self._after:
            self.opened += 1
            self._open()

    def succeeded(self) -> None:
        """The server answered a call, whatever it said."""
        self.state = State.CLOSED
        self.failures = self._probes = 0

    def abandoned(self) -> None:
        """The probe ended without having asked the server: the next caller may probe at once."""
        if self.state is State.HALF_OPEN:
            self.state = State.OPEN
            self._probe_at = self._monotonic()

    @property
    def passable(self) -> bool:
        """Whether a caller may go on now: nothing is wrong, or a probe is due."""
        return self.state is State.CLOSED or (self.state is State.OPEN and self.wait_s <= 0)

    def admit(self) -> None:
        """A caller goes on as the probe."""
        self.state = State.HALF_OPEN

    @property
    def wait_s(self) -> float:
        """Seconds until a probe is due; 0 when one is."""
        return max(0.0, self._probe_at - self._monotonic())

    def _open(self) -> None:
        self.state = State.OPEN
        self._probes += 1
        self._probe_at = self._monotonic() + outage_delay_s(self._probes, jitter=self._jitter)
