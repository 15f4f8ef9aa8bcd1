"""The breakers of a worker, one per server that its lanes depend on, and the lanes that each of them holds back.

A lane is held only if its next steps need a server that is away: dead letters that cannot be written hold up the dead,
an outage that one type's handler met holds up that type. Without the store nothing can go on: partitions are paused.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from keylane.breaker import Breaker, State
from keylane.wording import MAX_WORDS, plain

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection, Iterator

    from keylane.health import Health
    from keylane.lane import Lane

log = logging.getLogger("keylane")

STORE: Final = "store"
HANDLER: Final = "handler"
ACTIONS: Final = {"opened": "circuit_opened", "probed": "circuit_probed", "closed": "circuit_closed"}
LOOK_S: Final = (20.0, 40.0)
"""A held lane that is not next to probe looks again after this many seconds; a closing breaker wakes it sooner."""


class Circuit:
    """Breakers by part.

    Args:
        after: Outages in a row that open a breaker.
        health: Unready while one is open.
        wake: Makes parked lanes run now.
        monotonic: Seconds.
        jitter: Of pauses.

    Attributes:
        tripped: Whether any breaker is not closed: the one thing to look at per message.
        strained: Whether any breaker has met an outage since its last success.
    """

    def __init__(
        self,
        after: int,
        *,
        health: Health,
        wake: Callable[[Collection[Lane]], None],
        monotonic: Callable[[], float],
        jitter: random.Random,
    ) -> None:
        self._after = after
        self._health = health
        self._wake = wake
        self._monotonic = monotonic
        self._jitter = jitter
        self._breakers: dict[str, Breaker] = {}
        self._held: dict[str, dict[Lane, None]] = {}
        self._probes: dict[str, Lane] = {}
        self.tripped = False
        self.strained = False

    def failed(self, part: str, reason: str) -> None:
        """A step of some lane met an outage of this part."""
        breaker = self._breakers.get(part)
        if breaker is None:
            breaker = self._breakers[part] = Breaker(self._after, monotonic=self._monotonic, jitter=self._jitter)
        former = breaker.state
        breaker.failed()
        self.strained = True
        if breaker.state is State.CLOSED:
            return
        self.tripped = True
        self._health.trouble(_health_part(part), f"{reason} (left alone but for a probe)", member=_member(part))
        if former is not State.OPEN:
            self._say(part, "opened", f"{breaker.failures} outages in a row: {reason}", logging.WARNING)

    def succeeded(self, part: str) -> None:
        """This part answered."""
        breaker = self._breakers.get(part)
        if breaker is not None and breaker.failures:
            self._reset(part, breaker, "it answers again")

    def hold(self, lane: Lane, parts: Collection[str]) -> float | None:
        """None to go on, as the probe of what is open; or seconds to park the lane, which is woken once it may."""
        refusing = [part for part in parts if part in self._breakers and not self._breakers[part].passable]
        if not refusing:
            for part in parts:
                self._admit(part, lane)
            return None
        for part in refusing:
            self._held.setdefault(part, {})[lane] = None
        for part in set(parts).difference(refusing):
            self._pass_on(part, lane)
        return max(self._pause_s(part, lane) for part in refusing)

    def ended(self, lane: Lane) -> None:
        """The lane's turn is over; a probe that never reached its server is the next lane's."""
        for part in [part for part, prober in self._probes.items() if prober is lane]:
            del self._probes[part]
            if self._breakers[part].state is State.HALF_OPEN:
                self._breakers[part].abandoned()
                self._leave(part, lane)
        if lane.partition.revoked:  # nobody will run it again: it must not stand first in line
            for part in [part for part, held in self._held.items() if lane in held]:
                self._leave(part, lane)

    def forget(self, lane: Lane) -> None:
        """The lane is given up."""
        for part in [part for part, breaker in self._breakers.items() if breaker.state is not State.CLOSED]:
            self._leave(part, lane)

    @property
    def holds_everything(self) -> bool:
        """Whether fetching more is of no use now: nothing can be claimed."""
        breaker = self._breakers.get(STORE)
        return breaker is not None and breaker.state is not State.CLOSED and bool(self._held.get(STORE))

    def states(self) -> Iterator[tuple[str, Breaker]]:
        """Every part that ever met an outage, with its breaker."""
        yield from list(self._breakers.items())

    def _admit(self, part: str, lane: Lane) -> None:
        breaker = self._breakers.get(part)
        if breaker is not None and breaker.state is State.OPEN:
            breaker.admit()
            self._probes[part] = lane
            self._held.setdefault(part, {})[lane] = None
            self._say(part, "probed", "one message goes ahead", logging.INFO)

    def _pause_s(self, part: str, lane: Lane) -> float:
        next_to_probe = next(iter(self._held[part])) is lane
        return max(0.01, self._breakers[part].wait_s) if next_to_probe else self._jitter.uniform(*LOOK_S)

    def _leave(self, part: str, lane: Lane) -> None:
        """Let the next lane probe; a breaker that holds nobody back any more starts afresh."""
        self._pass_on(part, lane)
        if not self._held.get(part):
            self._reset(part, self._breakers[part], "nobody waits for it any more")

    def _pass_on(self, part: str, lane: Lane) -> None:
        """This lane cannot probe: the next one may."""
        held = self._held.get(part, {})
        if lane in held:
            del held[lane]
            self._wake(list(held)[:1])

    def _reset(self, part: str, breaker: Breaker, why: str) -> None:
        former = breaker.state
        breaker.succeeded()
        self.strained = any(breaker.failures for breaker in self._breakers.values())
        if former is State.CLOSED:
            return
        self.tripped = any(breaker.state is not State.CLOSED for breaker in self._breakers.values())
        self._health.well(_health_part(part), member=_member(part))
        self._say(part, "closed", why, logging.INFO)
        self._probes.pop(part, None)
        self._wake(list(self._held.pop(part, {})))

    def _say(self, part: str, change: str, why: str, level: int) -> None:
        words, extra = plain(why, MAX_WORDS), {"action": ACTIONS[change], "part": part}
        log.log(level, "circuit of %s %s: %s", part, change, words, extra=extra)


def handler_part(type_: str) -> str:
    """The part that runs of this event type depend on."""
    return f"{HANDLER} {type_}"


def _health_part(part: str) -> str:
    return HANDLER if part.startswith(f"{HANDLER} ") else part


def _member(part: str) -> str:
    """In whose name an open breaker keeps its part unready: what lanes report does not end that."""
    return f"circuit of {part}"
