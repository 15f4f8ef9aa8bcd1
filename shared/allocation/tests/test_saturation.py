"""50 workers in 5 processes, 100 students, 20 seats, on a real server: no seat beside a waiter, nobody overtaken."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest

from lyceum_allocation import Allocation, AllocationState, CapacityRepository, TrainerCapacity
from lyceum_allocation.audit import violations
from lyceum_allocation.rules import _hours_overlap
from lyceum_allocation.testing import trainer
from lyceum_database.testing import temporary_database

pytestmark = pytest.mark.wire

PROCESSES, WORKERS_EACH = 5, 10
STUDENTS, TRAINERS, SEATS_EACH = 100, 10, 2
MORNING, EVENING = [10, 11], [90, 91]
ANY_TIME: list[int] = []
WISHES = (MORNING, EVENING, ANY_TIME)

Task = dict[str, Any]


class Span(NamedTuple):
    """From when until when something was written down."""

    began: float
    ended: float


class Town:
    """The workers, and what they saw."""

    def __init__(self, uri: str, database: str, running: ExitStack) -> None:
        self.written: dict[str, Span] = {}
        program = [sys.executable, str(Path(__file__).with_name("saturation_worker.py")), uri, database]
        self._processes = [
            running.enter_context(
                subprocess.Popen(
                    [*program, str(WORKERS_EACH)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for _ in range(PROCESSES)
        ]
        for process in self._processes:
            running.callback(process.kill)
        for process in self._processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"

    def work(self, tasks: list[Task]) -> None:
        """Let 50 workers do these tasks at once, and come to rest; no timer ticks."""
        for number, process in enumerate(self._processes):
            assert process.stdin is not None
            process.stdin.write(json.dumps(tasks[number::PROCESSES]) + "\n")
            process.stdin.flush()
        for process in self._processes:
            assert process.stdout is not None
            answer = json.loads(process.stdout.readline())
            assert answer["failures"] == []
            self.written |= {student: Span(*span) for student, span in answer["written"].items()}


@pytest.fixture(scope="module")
def workers() -> Iterator[Town]:
    uri = os.environ["MONGODB_URI"]  # noqa: TID251 - the wire tests' own setting
    with temporary_database([Allocation, TrainerCapacity], uri=uri) as database, ExitStack() as running:
        yield Town(uri, database, running)


@pytest.fixture
def town(workers: Town) -> Iterator[Town]:
    """Ten trainers, some for the mornings, some for the evenings, some at any time."""
    for number in range(TRAINERS):
        CapacityRepository().insert(trainer(f"t{number}", capacity=SEATS_EACH, avail=WISHES[number % 3]))
    yield workers
    workers.written.clear()
    for model in (Allocation, TrainerCapacity):
        model.objects.delete()


def students(state: AllocationState) -> set[str]:
    return {found.student_id for found in Allocation.objects(state=state.value)}


def overtaken(served_before: set[str], written: dict[str, Span]) -> list[str]:
    """Name whoever waits although a seat that he could take went to one who was written down after him."""
    avail = {found.id: frozenset(found.avail) for found in TrainerCapacity.objects}
    everybody = list(Allocation.objects)
    served = [a for a in everybody if a.state == AllocationState.ASSIGNED and a.student_id not in served_before]
    return [
        f"{one.student_id} by {other.student_id}"
        for one in everybody
        for other in served
        if one.state == AllocationState.PENDING
        and written[one.student_id].ended < written[other.student_id].began
        and _hours_overlap(avail[other.trainer_id or ""], frozenset(one.wants))
    ]


@pytest.mark.timeout(120)
def test_no_seat_stays_free_beside_a_waiter_and_nobody_is_overtaken(town: Town) -> None:
    random = Random(5)
    bought: list[Task] = [{"do": "buy", "student": f"s{n}", "wants": WISHES[n % 3]} for n in range(STUDENTS)]
    town.work([task for task in bought for _ in range(random.randint(1, 3))])

    assert violations(at_rest=True) == []
    assert overtaken(set(), town.written) == []
    holders = students(AllocationState.ASSIGNED)
    assert len(holders) == TRAINERS * SEATS_EACH, "everybody who waits fits some seat, so none is free"
    assert len(town.written) == STUDENTS

    returned: list[Task] = [{"do": "return", "student": student} for student in sorted(holders)]
    others: list[Task] = [{"do": do} for do in ("drain", "sweep", "reconcile")] * 10
    town.work(random.sample(returned + others, len(returned + others)))

    assert violations(at_rest=True) == []
    assert overtaken(holders, town.written) == []
    assert len(students(AllocationState.ASSIGNED)) == TRAINERS * SEATS_EACH
    assert students(AllocationState.CANCELLED) == holders


@pytest.mark.timeout(120)
def test_moves_leaves_and_refunds_at_once_lose_nobody(town: Town) -> None:
    random = Random(6)
    bought: list[Task] = [{"do": "buy", "student": f"s{n}", "wants": WISHES[n % 3]} for n in range(30)]
    town.work(bought)
    seated = sorted(students(AllocationState.ASSIGNED))

    tasks: list[Task] = [{"do": "move", "student": student} for student in seated[:12]] * 2
    tasks += [{"do": "return", "student": student} for student in seated[6:10]]
    tasks += [{"do": "leave", "trainer": name} for name in ("t0", "t1")] * 2
    tasks += [{"do": "buy", "student": f"late{n}", "wants": WISHES[n % 3]} for n in range(6)]
    tasks += [{"do": do} for do in ("drain", "sweep", "reconcile")] * 5
    town.work(random.sample(tasks, len(tasks)))

    assert violations() == []
    town.work([{"do": "sweep"}])
    town.work([{"do": "reconcile"}])
    assert violations(at_rest=True) == []
    assert students(AllocationState.CANCELLED) == set(seated[6:10])
