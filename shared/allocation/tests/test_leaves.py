"""A trainer who leaves gets nobody new, his students get others as far as there are any, and nobody is forgotten."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lyceum_allocation import (
    AllocationRepository,
    AllocationService,
    AllocationState,
    CapacityRepository,
    LeaveRefused,
    Left,
)
from lyceum_allocation.audit import violations
from lyceum_allocation.lease import LEASE
from lyceum_allocation.rules import Candidate
from lyceum_allocation.testing import CrashPlan, purchase, refund
from lyceum_database import NotFound
from lyceum_database.testing.stepping import Crash

from .test_moves import Now, buy, hire, seats, stored, told, worker

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def service(now: Now) -> Iterator[AllocationService]:
    yield worker(now)
    assert violations(at_rest=True, clock=now) == []


def trainers(*students: str) -> list[str | None]:
    return [stored(student).trainer_id for student in students]


def test_students_of_a_trainer_on_leave_get_others_and_the_rest_keep_him(service: AllocationService, now: Now) -> None:
    hire("t1", capacity=3)
    buy(service, "a", "b", "c")
    hire("t2", capacity=2)

    left = service.leave("t1", until=now() + timedelta(days=14), actor="ana")

    assert left == Left(moved=2, stayed=1, waiting=0)
    assert sorted(map(str, trainers("a", "b", "c"))) == ["t1", "t2", "t2"]
    assert {stored(student).state for student in "abc"} == {AllocationState.ASSIGNED}


def test_a_trainer_on_leave_gets_nobody_new_until_he_is_back(service: AllocationService, now: Now) -> None:
    hire("t1", capacity=3)
    service.leave("t1", until=now() + timedelta(days=14), actor="ana")
    buy(service, "early")
    assert stored("early").state == AllocationState.PENDING

    now.moment += timedelta(days=15)
    service.sweep()

    assert trainers("early") == ["t1"]


def test_who_kept_a_trainer_on_leave_is_moved_by_the_sweep_when_somebody_comes_free(
    service: AllocationService, now: Now
) -> None:
    hire("t1")
    buy(service, "a")
    service.leave("t1", until=now() + timedelta(days=14), actor="ana")
    service.sweep()
    assert (stored("a").epoch, stored("a").trainer_id) == (2, "t1"), "a sweep that helps nobody writes nothing"

    hire("t2")
    service.sweep()

    assert trainers("a") == ["t2"]
    assert stored("a").history[-1]["actor"] == "ana"


def test_a_sweep_reads_once_who_could_take_all_students_of_the_absent(now: Now) -> None:
    class Reading(CapacityRepository):
        pages = 0

        def candidates(self, *args: Any, **options: Any) -> list[Candidate]:
            self.pages += 1
            return super().candidates(*args, **options)

    reading = Reading(clock=now)
    service = AllocationService(
        allocations=AllocationRepository(clock=now), capacities=reading, clock=now, view_kept=timedelta(0)
    )
    hire("t1", "t2", capacity=4)
    buy(service, *"abcdefgh")
    for trainer_id in ("t1", "t2"):
        service.leave(trainer_id, until=now() + timedelta(days=14), actor="ana")
    reading.pages = 0

    service.sweep()
    assert reading.pages == 1
    hire("t3", capacity=3)
    before = {student: stored(student).version for student in "abcdefgh"}
    service.sweep()

    stay = [
        student for student, trainer_id in zip("abcdefgh", trainers(*"abcdefgh"), strict=True) if trainer_id != "t3"
    ]
    assert len(stay) == 5
    assert all(stored(student).version == before[student] for student in stay), "whom it does not help it leaves alone"


def test_students_of_who_leaves_for_good_wait_for_another_one_and_keep_their_old_seat(
    service: AllocationService,
) -> None:
    hire("t1")
    buy(service, "a")

    assert service.leave("t1", for_good=True, actor="ana") == Left(moved=0, stayed=0, waiting=1)

    assert (stored("a").state, stored("a").trainer_id) == (AllocationState.MOVING, "t1")
    assert told("a") == ["TRAINER_ALLOCATED", "ALLOCATION_WAITLISTED"]
    assert seats() == {"t1": [f"{stored('a').id}:1"]}


def test_who_waits_since_his_trainer_left_stands_in_line_with_the_others(service: AllocationService) -> None:
    hire("t1")
    buy(service, "before", "first")
    service.leave("t1", for_good=True, actor="ana")
    buy(service, "last")
    hire("t2")
    hire("t3")
    service.sweep()

    assert trainers("first", "before", "last")[2] is None
    assert {*trainers("first", "before")} == {"t2", "t3"}
    assert told("before")[-1] == "TRAINER_REALLOCATED"


def test_who_comes_back_keeps_the_students_who_wait(service: AllocationService) -> None:
    hire("t1")
    buy(service, "a", "waits")
    service.leave("t1", for_good=True, actor="ana")

    assert service.come_back("t1", actor="ana") == 1

    assert (stored("a").state, stored("a").trainer_id) == (AllocationState.ASSIGNED, "t1")
    assert told("a") == ["TRAINER_ALLOCATED", "ALLOCATION_WAITLISTED", "TRAINER_ALLOCATED"]
    assert stored("waits").state == AllocationState.PENDING


def test_who_comes_back_gets_those_who_wait(service: AllocationService) -> None:
    hire("t1", capacity=2)
    service.leave("t1", for_good=True, actor="ana")
    buy(service, "a", "b")

    service.come_back("t1", actor="ana")

    assert trainers("a", "b") == ["t1", "t1"]


def test_a_refund_while_waiting_gives_the_old_seat_back(service: AllocationService) -> None:
    hire("t1")
    buy(service, "a")
    service.leave("t1", for_good=True, actor="ana")

    service.refund(refund("p-a", student="a"))

    assert seats() == {"t1": []}
    assert told("a")[-1] == "TRAINER_DEALLOCATED"


def test_a_student_who_was_just_seated_with_a_leaver_is_found_by_the_sweep(
    service: AllocationService, now: Now
) -> None:
    hire("t1")
    hire("t2", capacity=0)
    plan = CrashPlan()
    plan.arm(3)  # claimed, not yet told
    with pytest.raises(Crash):
        worker(now, plan).allocate(purchase("p-a", student="a"))
    service.leave("t1", for_good=True, actor="ana")
    service.allocate(purchase("p-a", student="a"))
    assert (stored("a").state, stored("a").trainer_id) == (AllocationState.ASSIGNED, "t1")

    hire("t3")
    service.sweep()

    assert trainers("a") == ["t3"]


@pytest.mark.parametrize("step", range(0, 30, 2))
def test_a_leave_that_died_anywhere_is_finished_by_the_sweep(service: AllocationService, now: Now, step: int) -> None:
    hire("t1", capacity=3)
    buy(service, "a", "b", "c")
    hire("t2", capacity=2)
    plan = CrashPlan()
    plan.arm(step)
    with suppress(Crash):
        worker(now, plan).leave("t1", for_good=True, actor="ana")
    assert violations(clock=now) == []
    is_marked = not CapacityRepository().get("t1").active
    assert is_marked or step == 0
    if not is_marked:
        service.leave("t1", for_good=True, actor="ana")

    now.moment += LEASE
    service.sweep()
    service.reconcile()

    assert sorted(map(str, trainers("a", "b", "c"))) == ["t1", "t2", "t2"]
    assert sorted(stored(student).state for student in "abc") == ["ASSIGNED", "ASSIGNED", "MOVING"]


def test_leaving_again_changes_nothing_more(service: AllocationService) -> None:
    hire("t1", capacity=2)
    buy(service, "a", "b")
    service.leave("t1", for_good=True, actor="ana")
    versions = [stored(student).version for student in "ab"]

    assert service.leave("t1", for_good=True, actor="ana") == Left(moved=0, stayed=0, waiting=2)

    assert [stored(student).version for student in "ab"] == versions


def test_a_leave_that_cannot_be_meant_is_refused(service: AllocationService, now: Now) -> None:
    hire("t1")
    future = now() + timedelta(days=1)
    with pytest.raises(LeaveRefused, match="one of the two"):
        service.leave("t1", actor="ana")
    with pytest.raises(LeaveRefused, match="one of the two"):
        service.leave("t1", until=future, for_good=True, actor="ana")
    with pytest.raises(LeaveRefused, match="is over"):
        service.leave("t1", until=datetime(2020, 1, 1, tzinfo=UTC), actor="ana")
    with pytest.raises(LeaveRefused, match="no time zone"):
        service.leave("t1", until=future.replace(tzinfo=None), actor="ana")
    with pytest.raises(NotFound):
        service.leave("unknown", for_good=True, actor="ana")
