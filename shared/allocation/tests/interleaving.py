"""The service itself, suspended at any call to the store while others run.

Each process of a scenario is a thread with a service of its own; before every call that reaches the store it waits for
its turn, and a plan says who has it. So a run is repeatable, and a plan that breaks a promise is an example.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
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
from lyceum_allocation.testing import trainer
from lyceum_database.testing.stepping import Process, stepped_database

Call = Callable[[AllocationService], object]
START = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
SUSPENSIONS = 0.25
NAPS = 0.02
"""How often all leases run out while everybody stands where he is."""


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
        processes: list[Process] = []
        with stepped_database():
            try:
                town = Town()
                for number, capacity in enumerate(self.capacities):
                    CapacityRepository().insert(trainer(f"t{number}", capacity=capacity))
                services = [town.service(seed) for seed, _ in enumerate(self.at_once)]
                for service in services:
                    service.drain(org_id="default", skill="math|en")
                for call in self.before:
                    call(town.service())
                works = [partial(call, service) for service, call in zip(services, self.at_once, strict=True)]
                processes += [Process(work, gives_up=(Contended,)) for work in works]
                yield town, processes
            finally:
                for process in processes:
                    process.end()


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
            line[0].steps(1)
            if draw.random() < deaths:
                line[0].end()
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
