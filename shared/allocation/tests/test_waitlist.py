"""Nobody is overtaken and no seat is left beside a waiter, at the very moments when two processes meet."""

from datetime import timedelta
from typing import Any

import pytest

from lyceum_allocation import (
    Allocation,
    AllocationRepository,
    AllocationState,
    CapacityRepository,
    transitions,
)
from lyceum_allocation.audit import violations
from lyceum_allocation.rules import Candidate
from lyceum_allocation.testing import (
    purchase,
    refund,
    trainer,
)
from lyceum_allocation.transitions import Change
from lyceum_allocation.waitlist import LEASE
from lyceum_database import utc_now

from .waiting import ASSIGNED, PENDING, Meeting, buy, hire, lease, service, states, stored

pytestmark = pytest.mark.usefixtures("database")


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


def test_a_student_who_was_changed_before_he_could_be_leased_is_read_again_and_served() -> None:
    class Interrupted(AllocationRepository):
        is_done = False

        def write(self, seen: Allocation, change: Change, *, cause_id: str | None = None) -> bool:
            if not self.is_done and change.fields.get("claiming_until"):
                self.is_done = True
                again = purchase("p-again", student="s1")
                assert super().write(stored("s1"), transitions.grant(stored("s1"), again, utc_now()) or change)
            return super().write(seen, change, cause_id=cause_id)

    buy("s1")
    hire("t1", 1)

    assert service(Interrupted()).drain(org_id="default", skill="math|en") == 1
    assert stored("s1").grants == ["p-s1", "p-again"]
    assert violations(at_rest=True) == []


def test_made_up_skills_fill_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lyceum_allocation.waitlist.MOST_TURNSTILES", 3)
    one = service()

    for number in range(10):
        one.drain(org_id="default", skill=f"made-up-{number}|en")

    assert 1 <= len(one._waitlist._turnstiles) <= 3


def test_whoever_finds_only_a_seat_left_for_another_one_has_it_when_that_one_takes_his_elsewhere() -> None:
    """The other process takes another trainer undisturbed: nobody but the note makes it look again."""
    CapacityRepository().insert(trainer("popular", capacity=2, avail=[1, 2]))
    buy("first")
    CapacityRepository().insert(trainer("night", capacity=1, avail=[100, 101]))

    buy("any", by=service(Meeting(ASSIGNED, lambda: buy("picky", wants=[1, 2]))))

    assert (stored("any").trainer_id, stored("picky").trainer_id) == ("night", "popular")
    assert violations(at_rest=True) == []
