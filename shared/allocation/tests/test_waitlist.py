"""Nobody is overtaken and no seat is left beside a waiter, at the very moments when two processes meet."""

from collections.abc import Callable
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
    allocation_id,
    transitions,
)
from lyceum_allocation.audit import violations
from lyceum_allocation.rules import Candidate
from lyceum_allocation.testing import (
    Crash,
    CrashingAllocations,
    CrashingCapacities,
    CrashPlan,
    purchase,
    refund,
    trainer,
)
from lyceum_allocation.transitions import Change
from lyceum_allocation.waitlist import LEASE
from lyceum_database import utc_now

pytestmark = pytest.mark.usefixtures("database")


class Meeting(AllocationRepository):
    """Lets something else happen right before a write that sets this state."""

    def __init__(self, before: str, happens: Callable[[], None]) -> None:
        super().__init__()
        self._before = before
        self._happens: Callable[[], None] | None = happens

    def write(self, seen: Allocation, change: Change, *, cause_id: str | None = None) -> bool:
        if change.fields.get("state") == self._before and self._happens is not None:
            happens, self._happens = self._happens, None
            happens()
        return super().write(seen, change, cause_id=cause_id)


def service(
    allocations: AllocationRepository | None = None, capacities: CapacityRepository | None = None
) -> AllocationService:
    return AllocationService(
        allocations=allocations or AllocationRepository(),
        capacities=capacities or CapacityRepository(),
        random=Random(1),
    )


def hire(trainer_id: str, capacity: int) -> None:
    CapacityRepository().insert(trainer(trainer_id, capacity=capacity))


def buy(*students: str, by: AllocationService | None = None, **wish: Any) -> None:
    for student in students:
        (by or service()).allocate(purchase(f"p-{student}", student=student, **wish))


def stored(student: str) -> Allocation:
    return AllocationRepository().get(allocation_id("default", student, "course-1"))


def states(*students: str) -> list[str]:
    return [stored(student).state for student in students]


def lease(student: str, until: datetime) -> None:
    assert AllocationRepository().write(stored(student), transitions.lease(until))


ASSIGNED, PENDING = AllocationState.ASSIGNED.value, AllocationState.PENDING.value


def test_a_seat_freed_while_this_process_serves_the_head_goes_to_the_next_in_the_same_call() -> None:
    """The refund's own drain stops at the head's lease: it relies on this process looking again."""
    hire("t1", 1)
    buy("holder", "first", "second")
    hire("t2", 1)
    meeting = Meeting(ASSIGNED, lambda: service().refund(refund("p-holder", student="holder")))

    service(meeting).drain(org_id="default", skill="math|en")

    assert states("first", "second") == [ASSIGNED, ASSIGNED]
    assert violations(at_rest=True) == []


def test_the_last_seat_is_left_to_the_one_whom_another_process_is_serving() -> None:
    buy("first", "second")
    lease("first", utc_now() + LEASE)
    hire("t1", 1)

    buy("third")

    assert states("first", "second", "third") == [PENDING, PENDING, PENDING]


def test_who_is_being_served_elsewhere_does_not_hold_up_others_while_seats_abound() -> None:
    buy("first", "second")
    lease("first", utc_now() + LEASE)
    hire("t1", 3)

    buy("third")

    assert states("first", "second", "third") == [PENDING, ASSIGNED, ASSIGNED]


def test_a_lease_that_ran_out_counts_for_nothing() -> None:
    buy("first", "second")
    lease("first", utc_now() - timedelta(seconds=1))
    hire("t1", 1)

    buy("third")

    assert states("first", "second", "third") == [ASSIGNED, PENDING, PENDING]


def test_a_seat_whose_claimer_died_is_found_by_the_next_drain_and_no_second_is_taken() -> None:
    buy("first")
    hire("t1", 1)
    hire("t2", 1)
    plan = CrashPlan()
    plan.arm(1)  # after the claim
    with pytest.raises(Crash):
        service(capacities=CrashingCapacities(plan)).drain(org_id="default", skill="math|en")
    lease("first", datetime(2026, 1, 1, tzinfo=UTC))

    service().drain(org_id="default", skill="math|en")

    assert states("first") == [ASSIGNED]
    assert violations(at_rest=True) == []


def test_a_purchase_that_its_worker_died_over_gets_the_claimed_seat_when_it_comes_again_not_when_the_lease_ends() -> (
    None
):
    hire("t1", 1)
    hire("t2", 1)
    plan = CrashPlan()
    plan.arm(3)  # recorded under a lease, claimed
    with pytest.raises(Crash):
        service(CrashingAllocations(plan), CrashingCapacities(plan)).allocate(purchase("p-s1", student="s1"))
    (holder,) = (trainer_id for trainer_id in ("t1", "t2") if CapacityRepository().get(trainer_id).load)
    assert stored("s1").claiming_until is not None

    buy("s1")

    assert (states("s1"), stored("s1").trainer_id) == ([ASSIGNED], holder)
    assert violations(at_rest=True) == []


def test_a_purchase_after_a_refund_that_died_gives_the_old_seat_back_when_it_comes() -> None:
    hire("t1", 1)
    hire("t2", 1)
    buy("s1")
    plan = CrashPlan()
    plan.arm(1)  # recorded
    with pytest.raises(Crash):
        service(CrashingAllocations(plan), CrashingCapacities(plan)).refund(refund("p-s1", student="s1"))
    assert states("s1") == [AllocationState.CANCELLED]

    service().allocate(purchase("p-again", student="s1"))

    assert states("s1") == [ASSIGNED]
    assert violations(at_rest=True) == []


def test_a_purchase_refunded_between_claim_and_confirm_gives_its_seat_back() -> None:
    hire("t1", 1)
    meeting = Meeting(ASSIGNED, lambda: service().refund(refund("p-s1", student="s1")))

    buy("s1", by=service(meeting))

    assert states("s1") == [AllocationState.CANCELLED.value]
    assert violations(at_rest=True) == []


def test_a_second_purchase_between_claim_and_confirm_does_not_cost_the_seat() -> None:
    hire("t1", 1)
    meeting = Meeting(ASSIGNED, lambda: service().allocate(purchase("p-again", student="s1")))

    buy("s1", by=service(meeting))

    assert states("s1") == [ASSIGNED]
    assert stored("s1").grants == ["p-s1", "p-again"]
    assert violations(at_rest=True) == []


def test_a_trainer_taken_in_the_last_moment_is_read_again_and_the_next_one_claimed() -> None:
    class Snatching(CapacityRepository):
        snatched = False

        def claim(self, candidate: Candidate, key: str, *, weight: int = 1) -> bool:
            if not self.snatched:
                self.snatched = True
                assert super().claim(candidate, "somebody-else:1", weight=weight)
            return super().claim(candidate, key, weight=weight)

    hire("t1", 1)
    hire("t2", 1)

    buy("s1", by=service(capacities=Snatching()))

    assert states("s1") == [ASSIGNED]
    assert violations() == []


def test_a_confirm_of_an_epoch_that_is_over_tells_nobody_anything() -> None:
    def refund_and_come_back_too_late() -> None:
        service().refund(refund("p-s1", student="s1"))
        buy("quicker")
        service().allocate(purchase("p-again", student="s1"))

    hire("t1", 1)

    buy("s1", by=service(Meeting(ASSIGNED, refund_and_come_back_too_late)))

    assert states("s1", "quicker") == [PENDING, ASSIGNED]
    assert stored("s1").epoch == 2
    assert violations(at_rest=True) == []


class DyingOverSomebodyElse(CapacityRepository):
    """Something happens right before a claim, and the process dies right after it."""

    def __init__(self, happens: Callable[[], None]) -> None:
        super().__init__()
        self._happens = happens

    def claim(self, candidate: Candidate, key: str, *, weight: int = 1) -> bool:
        self._happens()
        assert super().claim(candidate, key, weight=weight)
        raise Crash


def test_a_seat_claimed_for_somebody_else_by_a_process_that_died_is_reconciled() -> None:
    buy("refunded")
    hire("t1", 1)
    dying = DyingOverSomebodyElse(lambda: service().refund(refund("p-refunded", student="refunded")))
    with pytest.raises(Crash):
        buy("waiting", by=service(capacities=dying))
    buy("waiting")
    service().sweep()
    assert states("waiting") == [PENDING], "only the reconciler reads seats of allocations that nobody handles"

    assert service().reconcile() == 1

    assert states("waiting") == [ASSIGNED]
    assert violations(at_rest=True) == []


def test_the_second_seat_of_a_drain_that_overslept_its_lease_and_died_is_reconciled() -> None:
    buy("first")
    hire("t1", 1)
    hire("t2", 1)
    plan = CrashPlan()
    plan.arm(1)  # after the claim
    with pytest.raises(Crash):
        service(capacities=CrashingCapacities(plan)).drain(org_id="default", skill="math|en")
    confirmed = AllocationRepository()
    seen = stored("first")
    (other,) = (trainer_id for trainer_id in ("t1", "t2") if CapacityRepository().get(trainer_id).load == 0)
    candidate = CapacityRepository().find_candidate(other)
    assert candidate is not None
    assert CapacityRepository().claim(candidate, f"{seen.id}:1")
    change = transitions.confirm(seen, other, 1, utc_now())
    assert change is not None
    assert confirmed.write(seen, change)
    assert violations() == []

    service().reconcile()

    assert stored("first").trainer_id == other
    assert violations(at_rest=True) == []


def test_reconciling_finishes_what_was_claimed_and_changes_nothing_else() -> None:
    hire("t1", 30)
    for number in range(25):
        buy(f"s{number}")
    plan = CrashPlan()
    plan.arm(1)
    with pytest.raises(Crash):
        buy("claimed", by=service(capacities=CrashingCapacities(plan)))
    versions = {found.id: found.version for found in Allocation.objects(state=ASSIGNED)}

    service().reconcile()

    assert states("claimed") == [ASSIGNED]
    assert {key: AllocationRepository().get(key).version for key in versions} == versions
    assert violations(at_rest=True) == []


@pytest.mark.parametrize("taken", ["t1", "t2"])
def test_seats_are_counted_after_those_who_are_served_elsewhere(taken: str) -> None:
    """A seat goes to somebody else after this process looked at the trainers: only the leased student's is left."""

    class LateReader(AllocationRepository):
        def waiting(self, *args: Any, **options: Any) -> list[Allocation]:
            candidate = CapacityRepository().find_candidate(taken)
            if candidate is not None and candidate.free:
                assert CapacityRepository().claim(candidate, "somebody-else:1")
            return super().waiting(*args, **options)

    buy("first", "second")
    lease("first", utc_now() + LEASE)
    hire("t1", 1)
    hire("t2", 1)

    service(LateReader()).drain(org_id="default", skill="math|en")

    assert states("first", "second") == [PENDING, PENDING]


def test_one_drain_serves_a_queue_of_many_pages() -> None:
    buy(*(f"s{number}" for number in range(45)))
    hire("t1", 43)

    assert service().drain(org_id="default", skill="math|en") == 43
    assert violations(at_rest=True) == []


def test_a_drain_that_stops_for_another_one_is_served_by_it() -> None:
    """The other one counted before the seat came free; the note on its lease makes it look again."""

    class Late(CapacityRepository):
        def candidates(self, *args: Any, **options: Any) -> list[Candidate]:
            found = super().candidates(*args, **options)
            if not self.is_late:
                self.is_late = True
                hire("t1", 1)
                service().drain(org_id="default", skill="math|en")
            return found

        is_late = False

    buy("s1", by=service(capacities=Late()))

    assert states("s1") == [ASSIGNED]


def test_the_only_seat_that_fits_whom_another_process_serves_is_left_for_him() -> None:
    buy("first", wants=[10, 11])
    buy("second")
    lease("first", utc_now() + LEASE)
    CapacityRepository().insert(trainer("fits-both", capacity=1, avail=[10, 11]))
    CapacityRepository().insert(trainer("fits-second", capacity=1, avail=[90, 91]))

    service().drain(org_id="default", skill="math|en")

    assert states("first", "second") == [PENDING, ASSIGNED]
    assert stored("second").trainer_id == "fits-second"


def test_nobody_is_served_from_a_seat_that_is_left_for_whom_another_process_serves() -> None:
    buy("first", "second")
    lease("first", utc_now() + LEASE)
    hire("t1", 1)

    service().drain(org_id="default", skill="math|en")

    assert states("first", "second") == [PENDING, PENDING]
    assert stored("first").lease_awaited


def test_a_lease_whose_holder_died_ends_with_the_sweep_and_the_student_is_told_that_he_waits() -> None:
    plan = CrashPlan()
    plan.arm(1)
    with pytest.raises(Crash):
        service(CrashingAllocations(plan)).allocate(purchase("p-s1", student="s1"))
    change = transitions.lease(utc_now() - timedelta(seconds=1))
    assert AllocationRepository().write(stored("s1"), change)

    service().sweep()

    assert stored("s1").claiming_until is None
    assert [entry["type"] for entry in stored("s1").outbox] == ["ALLOCATION_WAITLISTED"]
