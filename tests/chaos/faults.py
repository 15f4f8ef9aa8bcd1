"""Carries out the servers' faults, one after the other, in a thread: a broker takes seconds to start."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from .schedule import CALM_BEFORE_S, LASTS_S, STORE_AWAY, Kind
from .stage import Stage

JUST_NOW_S = 0.3


@dataclass(frozen=True)
class Happened:
    """A fault that was carried out, with its moments on the machine's monotonic clock."""

    kind: Kind
    began: float
    ended: float


class ServerFaults:
    """Plays a schedule on the servers; afterwards they are well."""

    def __init__(self, stage: Stage, faults: Iterator[Kind], between_s: float) -> None:
        self._between_s = between_s
        self._acts: dict[Kind, tuple[Callable[[], object], Callable[[], object]]] = {
            Kind.BROKER_STOPPED: (stage.broker.stop, stage.broker.start),
            Kind.BROKER_KILLED: (stage.broker.kill, stage.broker.start),
            Kind.BROKER_FROZEN: (stage.broker.freeze, stage.broker.thaw),
            Kind.STORE_FROZEN: (stage.store.freeze, stage.store.thaw),
            Kind.STORE_CUT: (stage.proxy.cut, stage.proxy.restore),
            Kind.STORE_REFUSED: (stage.proxy.refuse, stage.proxy.restore),
            Kind.STORE_SWALLOWED: (stage.proxy.blackhole, stage.proxy.restore),
            Kind.STORE_SLOW: (lambda: stage.proxy.delay(0.05), stage.proxy.restore),
        }
        self._faults = faults
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._play, name="server faults", daemon=True)
        self._error: Exception | None = None
        self.now = ""
        """What is wrong at this moment; empty when nothing is."""
        self.happened: list[Happened] = []

    @property
    def counts(self) -> Counter[Kind]:
        """How often each kind was carried out."""
        return Counter(one.kind for one in self.happened)

    @property
    def is_store_away(self) -> bool:
        """Whether the database does not answer, or lost its connections a moment ago."""
        last = self.happened[-1:]
        return self.now in STORE_AWAY or any(
            one.kind in STORE_AWAY and time.monotonic() - one.ended < JUST_NOW_S for one in last
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End the fault that lasts, and wait until the servers are well.

        Raises:
            ServersError: One of them could not be had again.
        """
        self._stop.set()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def _play(self) -> None:
        pause_s = CALM_BEFORE_S
        try:
            while not self._stop.wait(pause_s):
                self._carry_out(next(self._faults))
                pause_s = self._between_s
        except Exception as exc:  # noqa: BLE001 - handed to whoever waits for the end
            self._error = exc

    def _carry_out(self, kind: Kind) -> None:
        begin, end = self._acts[kind]
        self.now, started = kind, time.monotonic()
        begin()
        self._stop.wait(LASTS_S[kind])
        end()
        self.happened.append(Happened(kind, started, time.monotonic()))
        self.now = ""
