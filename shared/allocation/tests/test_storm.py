"""Many workers at once, every event three times, in any order: nobody lost, nobody twice, nobody over capacity."""

import threading
from collections.abc import Callable
from random import Random

import pytest

from lyceum_allocation import (
    Allocation,
    AllocationRepository,
    AllocationService,
    AllocationState,
    CapacityRepository,
    TrainerCapacity,
)
from lyceum_allocation.audit import violations
from lyceum_allocation.rules import Candidate
from lyceum_allocation.testing import purchase, refund, trainer

pytestmark = pytest.mark.usefixtures("database")

WORKERS = 8
STUDENTS = 40
SEATS = 30


Call = Callable[[AllocationService], None]


def buys(number: int) -> Call:
    return lambda service: service.allocate(purchase(f"p{number}", student=f"s{number}"))


def returns(number: int) -> Call:
    return lambda service: service.refund(refund(f"p{number}", student=f"s{number}"))


def worker(seed: int) -> AllocationService:
    return AllocationService(allocations=AllocationRepository(), capacities=CapacityRepository(), random=Random(seed))


def storm(calls: list[Call], *, shared: AllocationService | None = None) -> None:
    """Run the calls, shared out among eight threads that start at one moment; each is a worker unless one is shared."""
    together = threading.Barrier(WORKERS)
    failures: list[BaseException] = []

    def work(number: int) -> None:
        service = shared or worker(number)
        together.wait()
        try:
            for call in calls[number::WORKERS]:
                call(service)
        except BaseException as exc:  # noqa: BLE001 - kept for the test's own thread
            failures.append(exc)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(WORKERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def sweep(service: AllocationService) -> None:
    service.sweep()


def hire(skills: tuple[str, ...] = ("math|en",)) -> None:
    for number in range(6):
        CapacityRepository().insert(trainer(f"t{number}", capacity=SEATS // 6, skills=skills))


def in_state(state: AllocationState) -> set[str]:
    return {found.student_id for found in Allocation.objects(state=state.value)}


def test_a_storm_of_repeated_purchases_fills_every_seat_once() -> None:
    hire()
    calls: list[Call] = [buys(number) for number in range(STUDENTS)] * 3
    Random(1).shuffle(calls)

    storm(calls)

    assert violations(at_rest=True) == []
    assert len(in_state(AllocationState.ASSIGNED)) == SEATS
    assert len(in_state(AllocationState.PENDING)) == STUDENTS - SEATS
    assert sum(capacity.load for capacity in TrainerCapacity.objects) == SEATS


def test_a_storm_of_purchases_and_refunds_leaves_exactly_who_paid_and_kept_it() -> None:
    hire()
    calls: list[Call] = [buys(n) for n in range(STUDENTS)] * 3 + [returns(n) for n in range(0, STUDENTS, 2)] * 3
    Random(2).shuffle(calls)

    storm(calls)
    worker(0).sweep()

    kept = {f"s{n}" for n in range(1, STUDENTS, 2)}
    assert violations(at_rest=True) == []
    assert in_state(AllocationState.ASSIGNED) == kept
    assert in_state(AllocationState.CANCELLED) == {f"s{n}" for n in range(0, STUDENTS, 2)}


def test_workers_that_all_sweep_one_queue_seat_everybody_once() -> None:
    queue = worker(0)
    for number in range(STUDENTS):
        queue.allocate(purchase(f"p{number}", student=f"s{number}"))
    hire()

    storm([sweep] * WORKERS)

    worker(0).sweep()
    assert violations(at_rest=True) == []
    assert in_state(AllocationState.ASSIGNED) == {f"s{number}" for number in range(SEATS)}, "somebody was overtaken"
    told = [entry["type"] for found in Allocation.objects for entry in found.outbox]
    assert told.count("TRAINER_ALLOCATED") == SEATS


def test_threads_of_one_worker_do_not_take_trainers_from_each_other() -> None:
    class Counting(CapacityRepository):
        refused = 0

        def claim(self, candidate: Candidate, key: str, *, weight: int = 1) -> bool:
            claimed = super().claim(candidate, key, weight=weight)
            self.refused += not claimed
            return claimed

    hire()
    capacities = Counting()
    service = AllocationService(allocations=AllocationRepository(), capacities=capacities, random=Random(1))

    storm([buys(number) for number in range(STUDENTS)], shared=service)

    assert violations(at_rest=True) == []
    assert len(in_state(AllocationState.ASSIGNED)) == SEATS
    assert capacities.refused == 0
