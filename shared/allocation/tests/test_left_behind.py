"""What a process leaves behind when it dies, or oversleeps its lease, is found and finished or undone."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from lyceum_allocation import (
    Allocation,
    AllocationRepository,
    AllocationService,
    AllocationState,
    CapacityRepository,
    transitions,
)
from lyceum_allocation.audit import violations
from lyceum_allocation.rules import Candidate
from lyceum_allocation.testing import (
    CrashingAllocations,
    CrashingCapacities,
    CrashPlan,
    purchase,
    refund,
)
from lyceum_database import utc_now
from lyceum_database.testing.stepping import Crash

from .waiting import ASSIGNED, PENDING, buy, hire, lease, service, states, stored

pytestmark = pytest.mark.usefixtures("database")


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


def test_a_purchase_whose_worker_died_right_after_writing_it_is_served_when_it_comes_again() -> None:
    """Not when the dead worker's lease ends: whoever handles its event takes the lease over."""
    hire("t1", 1)
    plan = CrashPlan()
    plan.arm(1)
    with pytest.raises(Crash):
        service(CrashingAllocations(plan)).allocate(purchase("p-s1", student="s1"))

    buy("s1")

    assert states("s1") == [ASSIGNED]
    assert violations(at_rest=True) == []


def test_a_drain_that_gives_a_second_seat_back_serves_who_waits_for_it() -> None:
    """Two served one student, each at another trainer, since the first one overslept its lease."""

    class Overslept(CapacityRepository):
        is_done = False

        def claim(self, candidate: Candidate, key: str, *, weight: int = 1) -> bool:
            claimed = super().claim(candidate, key, weight=weight)
            if not self.is_done:
                self.is_done = True
                hire("t2", 1)
                seen, other = stored("first"), CapacityRepository().find_candidate("t2")
                assert other is not None
                assert CapacityRepository().claim(other, key)
                assert AllocationRepository().write(
                    seen, transitions.confirm(seen, "t2", seen.epoch, utc_now()) or transitions.leave_a_note()
                )
            return claimed

    buy("first", "second")
    hire("t1", 1)

    service(capacities=Overslept()).drain(org_id="default", skill="math|en")

    assert states("first", "second") == [ASSIGNED, ASSIGNED]
    assert (stored("first").trainer_id, stored("second").trainer_id) == ("t2", "t1")
    assert violations(at_rest=True) == []


def test_a_lease_from_a_host_whose_clock_is_ahead_holds_nobody_up() -> None:
    hire("t1", 4)
    plan = CrashPlan()
    plan.arm(2)  # recorded under a lease
    ahead = AllocationService(
        allocations=CrashingAllocations(plan),
        capacities=CrashingCapacities(plan),
        clock=lambda: utc_now() + timedelta(days=1),
    )
    with pytest.raises(Crash):
        ahead.allocate(purchase("p-s1", student="s1"))
    assert states("s1") == [PENDING]

    service().sweep()

    assert states("s1") == [ASSIGNED]
    assert violations(at_rest=True) == []


def test_a_lease_from_a_host_whose_clock_is_ahead_ends_where_nobody_is_free() -> None:
    buy("s1")
    lease("s1", utc_now() + timedelta(days=1))

    service().sweep()

    assert stored("s1").claiming_until is None


def test_a_trainer_who_was_looked_at_by_a_host_whose_clock_is_ahead_is_looked_at_again() -> None:
    hire("t1", 1)
    CapacityRepository(clock=lambda: utc_now() + timedelta(days=1)).mark_judged(["t1"])

    assert "t1" in CapacityRepository().due_for_judgement(not_since=utc_now() - timedelta(minutes=1))
    CapacityRepository().mark_judged(["t1"])
    assert "t1" not in CapacityRepository().due_for_judgement(not_since=utc_now() - timedelta(minutes=1))
