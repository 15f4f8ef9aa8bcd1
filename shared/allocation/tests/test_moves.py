"""A student who is moved has a trainer at every moment, is moved seldom, and overtakes nobody."""

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest

from lyceum_allocation import (
    Allocation,
    AllocationRepository,
    AllocationService,
    AllocationState,
    CapacityRepository,
    MoveOutcome,
    MoveReason,
    MoveRefused,
    TrainerCapacity,
    allocation_id,
)
from lyceum_allocation.audit import violations
from lyceum_allocation.lease import LEASE
from lyceum_allocation.moving import COOL_DOWN, MOST_MOVES
from lyceum_allocation.testing import (
    CrashingAllocations,
    CrashingCapacities,
    CrashPlan,
    purchase,
    refund,
    trainer,
)
from lyceum_database import NotFound
from lyceum_database.testing.stepping import Crash

pytestmark = pytest.mark.usefixtures("database")


class Now:
    """A clock that is moved by hand, and ticks."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.moment += timedelta(milliseconds=1)
        return self.moment


@pytest.fixture
def now() -> Now:
    return Now()


@pytest.fixture
def service(now: Now) -> AllocationService:
    return worker(now)


def worker(now: Now, plan: CrashPlan | None = None) -> AllocationService:
    doors: Any = (AllocationRepository(clock=now), CapacityRepository(clock=now))
    if plan is not None:
        doors = (CrashingAllocations(plan, clock=now), CrashingCapacities(plan, clock=now))
    return AllocationService(allocations=doors[0], capacities=doors[1], clock=now, random=Random(1))


def hire(*trainer_ids: str, capacity: int = 1, **fields: Any) -> None:
    for trainer_id in trainer_ids:
        CapacityRepository().insert(trainer(trainer_id, capacity=capacity, **fields))


def buy(service: AllocationService, *students: str) -> None:
    for student in students:
        service.allocate(purchase(f"p-{student}", student=student))


def name(student: str) -> str:
    return allocation_id("default", student, "course-1")


def stored(student: str) -> Allocation:
    return AllocationRepository().get(name(student))


def move(service: AllocationService, student: str, **options: Any) -> MoveOutcome:
    return service.move(name(student), **{"reason": MoveReason.ADMIN, "actor": "op", **options})


def seats() -> dict[str, list[str]]:
    return {found.id: [seat.k for seat in found.seats] for found in TrainerCapacity.objects}


def told(student: str) -> list[str]:
    return [entry["type"] for entry in stored(student).outbox]


def test_a_move_ends_with_the_other_trainer_and_one_seat(service: AllocationService) -> None:
    hire("t1")
    buy(service, "s1")
    hire("t2")

    assert move(service, "s1", reason=MoveReason.OVERLOAD) == MoveOutcome.MOVED

    found = stored("s1")
    assert (found.state, found.trainer_id, found.epoch, found.moves) == (AllocationState.ASSIGNED, "t2", 2, 1)
    assert seats() == {"t1": [], "t2": [f"{found.id}:2"]}
    assert violations(at_rest=True) == []


def test_the_event_and_the_history_name_both_trainers_the_reason_and_who_wanted_it(service: AllocationService) -> None:
    hire("t1")
    buy(service, "s1")
    hire("t2")

    move(service, "s1", reason=MoveReason.COMPLAINT, actor="ana", cause_id="event-7")

    event, line = stored("s1").outbox[-1], stored("s1").history[-1]
    assert told("s1") == ["TRAINER_ALLOCATED", "TRAINER_REALLOCATED"]
    assert '"from_trainer_id":"t1"' in event["value"]
    assert '"to_trainer_id":"t2"' in event["value"]
    assert '"cause":"complaint"' in event["value"]
    assert event["headers"]["ce_causationid"] == "event-7"
    assert (line["what"], line["from_trainer_id"], line["trainer_id"]) == ("moved", "t1", "t2")
    assert (line["reason"], line["actor"]) == ("complaint", "ana")


@pytest.mark.parametrize("step", range(8))
def test_a_move_that_died_anywhere_is_finished_or_given_up_by_the_timers(now: Now, step: int) -> None:
    hire("t1")
    buy(worker(now), "s1")
    hire("t2")
    plan = CrashPlan()
    plan.arm(step)
    with pytest.raises(Crash):
        move(worker(now, plan), "s1")
    assert violations() == [], "without the trainer he was told of"

    now.moment += LEASE
    worker(now).sweep()
    worker(now).reconcile()

    assert stored("s1").trainer_id == ("t1" if step == 0 else "t2")
    assert violations(at_rest=True) == []


def test_nobody_free_leaves_the_student_where_he_is_and_tells_nobody(service: AllocationService) -> None:
    hire("t1")
    buy(service, "s1")

    assert move(service, "s1") == MoveOutcome.STAYED

    assert (stored("s1").state, stored("s1").trainer_id, stored("s1").moves) == (AllocationState.ASSIGNED, "t1", 0)
    assert told("s1") == ["TRAINER_ALLOCATED"]
    assert violations(at_rest=True) == []


def test_a_move_never_chooses_the_trainer_whom_the_student_has(service: AllocationService) -> None:
    hire("t1", capacity=9)
    buy(service, "s1")

    assert move(service, "s1") == MoveOutcome.STAYED

    assert [len(held) for held in seats().values()] == [1]
    assert told("s1") == ["TRAINER_ALLOCATED"]


def test_whoever_has_no_trainer_goes_before_one_who_is_moved(service: AllocationService) -> None:
    hire("t1")
    buy(service, "s1", "waits")
    hire("t2")

    assert move(service, "s1") == MoveOutcome.STAYED

    assert stored("waits").trainer_id == "t2"
    assert violations(at_rest=True) == []


def test_the_seat_that_a_move_frees_goes_to_who_waits(service: AllocationService) -> None:
    hire("t1", avail=[10, 11])
    service.allocate(purchase("p-s1", student="s1"))
    service.allocate(purchase("p-waits", student="waits", wants=[10, 11]))
    hire("t2", avail=[90, 91])

    assert move(service, "s1") == MoveOutcome.MOVED

    assert stored("waits").trainer_id == "t1"
    assert violations(at_rest=True) == []


def test_a_complaint_keeps_the_trainer_away_for_good_and_another_reason_does_not(service: AllocationService) -> None:
    hire("t1")
    buy(service, "s1")
    hire("t2")

    move(service, "s1", reason=MoveReason.COMPLAINT)
    move(service, "s1", override=True)

    assert (stored("s1").trainer_id, stored("s1").excluded) == ("t2", ["t1"])
    assert move(service, "s1", override=True, exclude_current=True) == MoveOutcome.STAYED
    assert stored("s1").excluded == ["t1", "t2"]


def test_a_student_is_not_moved_twice_in_a_week_unless_somebody_insists(service: AllocationService, now: Now) -> None:
    hire("t1", "t2")
    buy(service, "s1")
    move(service, "s1")

    with pytest.raises(MoveRefused, match="less than 7 days ago"):
        move(service, "s1")
    assert stored("s1").state == AllocationState.ASSIGNED
    assert move(service, "s1", override=True) == MoveOutcome.MOVED

    now.moment += COOL_DOWN
    assert move(service, "s1") == MoveOutcome.MOVED


def test_a_student_is_not_moved_for_ever(service: AllocationService, now: Now) -> None:
    hire("t1", "t2")
    buy(service, "s1")
    for _ in range(MOST_MOVES):
        assert move(service, "s1") == MoveOutcome.MOVED
        now.moment += COOL_DOWN

    with pytest.raises(MoveRefused, match=f"moved {MOST_MOVES} times"):
        move(service, "s1")
    assert move(service, "s1", override=True) == MoveOutcome.MOVED


def test_who_has_no_trainer_or_another_one_by_now_is_not_moved(service: AllocationService) -> None:
    buy(service, "waits")
    hire("t1", capacity=2)
    buy(service, "s1")
    service.refund(refund("p-s1", student="s1"))
    service.drain(org_id="default", skill="math|en")

    assert move(service, "s1") == MoveOutcome.NOTHING
    assert move(service, "waits", from_trainer_id="t2") == MoveOutcome.NOTHING
    with pytest.raises(NotFound):
        move(service, "unknown")


def test_a_refund_during_a_move_gives_both_seats_back(now: Now) -> None:
    hire("t1")
    buy(worker(now), "s1")
    hire("t2")
    plan = CrashPlan()
    plan.arm(3)
    with pytest.raises(Crash):
        move(worker(now, plan), "s1")
    assert [len(held) for held in seats().values()] == [1, 1]

    worker(now).refund(refund("p-s1", student="s1"))

    assert seats() == {"t1": [], "t2": []}
    assert told("s1") == ["TRAINER_ALLOCATED", "TRAINER_DEALLOCATED"]
    assert '"trainer_id":"t1"' in stored("s1").outbox[-1]["value"]
    assert violations(at_rest=True) == []


def test_a_purchase_during_a_move_adds_its_right_and_changes_nothing_else(now: Now) -> None:
    hire("t1")
    buy(worker(now), "s1")
    plan = CrashPlan()
    plan.arm(1)
    with pytest.raises(Crash):
        move(worker(now, plan), "s1")

    worker(now).allocate(purchase("p-again", student="s1"))

    assert (stored("s1").state, stored("s1").grants) == (AllocationState.MOVING, ["p-s1", "p-again"])
    now.moment += LEASE
    worker(now).sweep()
    assert stored("s1").state == AllocationState.ASSIGNED
    assert violations(at_rest=True) == []


def test_a_complaint_about_a_trainer_whom_the_student_is_being_moved_from_is_kept(
    service: AllocationService,
) -> None:
    hire("t1")
    buy(service, "s1")
    service.leave("t1", for_good=True, actor="op")
    place = stored("s1").waiting_since, stored("s1").epoch

    assert move(service, "s1", reason=MoveReason.COMPLAINT, actor="ada") == MoveOutcome.WAITING
    assert move(service, "s1", reason=MoveReason.COMPLAINT, actor="ada") == MoveOutcome.WAITING

    found = stored("s1")
    assert (found.excluded, found.move_reason, found.move_actor) == (["t1"], "complaint", "ada")
    assert [line["actor"] for line in found.history if line["what"] == "moving"] == ["op", "ada"], "told once"
    assert (found.waiting_since, found.epoch) == place


def test_a_second_move_without_a_complaint_leaves_the_first_as_it_is(service: AllocationService) -> None:
    hire("t1")
    buy(service, "s1")
    service.leave("t1", for_good=True, actor="op")

    assert move(service, "s1", actor="ada") == MoveOutcome.WAITING

    assert (stored("s1").excluded, stored("s1").move_actor) == ([], "op")
