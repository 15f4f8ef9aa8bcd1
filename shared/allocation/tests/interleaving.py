"""The service itself, suspended at any call to the store while others run.

Each process of a scenario is a thread with a service of its own; before every call that reaches the store it waits for
its turn, and a plan says who has it. So a run is repeatable, and a plan that breaks a promise is an example.
"""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from lyceum_allocation import (
    Allocation,
    AllocationRepository,
    AllocationService,
    CapacityRepository,
    Contended,
    Patience,
)
from lyceum_allocation.audit import violations
from lyceum_allocation.lease import LEASE
from lyceum_allocation.testing import Crash, trainer
from lyceum_database import close, connect, embedded

Call = Callable[[AllocationService], object]
START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
SUSPENSIONS = 0.25
NAPS = 0.02
"""How often all leases run out while everybody stands where he is."""
_databases = itertools.count()


class Gate:
    """The lock under which the embedded store runs each call; a process of the plan waits here for its turn."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._own = threading.local()

    def enrol(self, wait_for_turn: Callable[[], None]) -> None:
        """Make the calling thread a process of the plan."""
        self._own.wait, self._own.depth = wait_for_turn, 0

    def __enter__(self) -> None:
        wait = getattr(self._own, "wait", None)
        if wait is not None:
            if self._own.depth == 0:
                wait()
            self._own.depth += 1
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()
        if hasattr(self._own, "wait"):
            self._own.depth -= 1


GATE = Gate()


class GatedClient(embedded.EmbeddedMongoClient):
    """The embedded store behind the gate."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._turn = GATE  # type: ignore[assignment] # stands in for the lock


@dataclass
class Process:
    """Somebody at work, who stands still at each call to the store until he is let on."""

    service: AllocationService
    call: Call
    is_done: bool = False
    failures: list[BaseException] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._dies = False
        self._go, self._stands = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._stands.acquire()

    def steps(self, calls: int | None, *, dies: bool = False) -> None:
        """Let so many calls to the store happen, or all there are; then let the process die in place of one more."""
        while not self.is_done and calls != 0:
            self._step()
            calls = None if calls is None else calls - 1
        if dies:
            self.end()

    def end(self) -> None:
        """Let the process die where it stands."""
        self._dies = True
        self._step()
        self._thread.join()

    def _step(self) -> None:
        if not self.is_done:
            self._go.release()
            self._stands.acquire()

    def _wait_for_turn(self) -> None:
        self._stands.release()
        self._go.acquire()
        if self._dies:
            raise Crash

    def _run(self) -> None:
        GATE.enrol(self._wait_for_turn)
        try:
            self.call(self.service)
        except (Crash, Contended):
            pass
        except BaseException as exc:  # noqa: BLE001 - kept for the test's own thread
            self.failures.append(exc)
        self.is_done = True
        self._stands.release()


@dataclass
class Town:
    """A fresh store, and what its watchers check after every step of anybody."""

    now: datetime = START
    told: dict[tuple[str, int], set[str]] = field(default_factory=dict)

    def clock(self) -> datetime:
        self.now += timedelta(milliseconds=1)
        return self.now

    def service(self, seed: int = 0) -> AllocationService:
        return AllocationService(
            allocations=AllocationRepository(clock=self.clock),
            capacities=CapacityRepository(clock=self.clock),
            clock=self.clock,
            random=Random(seed),
            view_kept=timedelta(hours=seed % 2),
            patience=Patience(random=Random(seed), sleep=lambda _: None),
        )

    def check(self) -> None:
        _assert_none(violations(clock=self.clock))
        for allocation in Allocation.objects:
            for line in allocation.history:
                if line["what"] in ("assigned", "moved"):
                    told = self.told.setdefault((allocation.id, line["epoch"]), set())
                    told.add(line["trainer_id"])
                    assert len(told) == 1, "told of two trainers in one epoch"

    def come_to_rest(self, calls: list[Call], *, somebody_died: bool = False) -> None:
        """Everything is delivered again, leases run out, the timers tick: nothing is left over.

        As long as nobody died nobody waits beside a seat even before that.
        """
        if not somebody_died:
            _assert_none([line for line in violations(at_rest=True, clock=self.clock) if "waits although" in line])
        for call in calls:
            call(self.service())
        self.now += timedelta(minutes=1)
        self.service().sweep()
        self.service().reconcile()
        _assert_none(violations(at_rest=True, clock=self.clock))
        self.check()


@dataclass(frozen=True)
class Scenario:
    """How many seats the trainers have, what happened before, and who then works at once.

    Every second one of these looked at the trainers before all that, and still has the view. `leases_end` says that those who stand still do so for longer than their leases last.
    """

    capacities: tuple[int, ...]
    before: tuple[Call, ...]
    at_once: tuple[Call, ...]
    leases_end: bool = False

    @contextmanager
    def begun(self) -> Iterator[tuple[Town, list[Process]]]:
        connect(embedded.embedded_settings(f"interleaving-{next(_databases)}"), client_class=GatedClient)
        processes: list[Process] = []
        try:
            town = Town()
            for number, capacity in enumerate(self.capacities):
                CapacityRepository().insert(trainer(f"t{number}", capacity=capacity))
            services = [town.service(seed) for seed, _ in enumerate(self.at_once)]
            for service in services:
                service.drain(org_id="default", skill="math|en")
            for call in self.before:
                call(town.service())
            processes += [Process(service, call) for service, call in zip(services, self.at_once, strict=True)]
            yield town, processes
        finally:
            for process in processes:
                process.end()
            close()


def run_with_two_suspended(scenario: Scenario, order: tuple[int, ...], points: tuple[int, int]) -> None:
    """Suspend one process after so many calls, then another; the third works to its end, and the two go on."""
    with scenario.begun() as (town, processes):
        for index, calls in zip(order, (*points, None), strict=True):
            if calls is None and scenario.leases_end:
                town.now += LEASE
            processes[index].steps(calls)
            town.check()
        for index in order:
            processes[index].steps(None)
            town.check()
        _assert_none([process.failures for process in processes if process.failures])
        town.come_to_rest(list(scenario.at_once))


def run_at_random(scenario: Scenario, seed: int, *, deaths: float = 0.0) -> None:
    """Whoever is suspended stands behind all others; some die, and what they were at is delivered again."""
    draw = Random(seed)
    with scenario.begun() as (town, processes):
        line = draw.sample(processes, len(processes))
        while line:
            line[0].steps(1, dies=draw.random() < deaths)
            town.now += LEASE if draw.random() < NAPS else timedelta(0)
            if line[0].is_done:
                line.pop(0)
                town.check()
            elif draw.random() < SUSPENSIONS:
                line.append(line.pop(0))
        _assert_none([process.failures for process in processes if process.failures])
        town.come_to_rest(list(scenario.at_once), somebody_died=deaths > 0)


def _assert_none(broken: list[Any]) -> None:
    assert not broken, broken
