"""One student, one course, one trainer; a refund undoes exactly its own purchase, in whatever order events come."""

from random import Random
from typing import Any

import pytest

from lyceum_allocation import (
    Allocation,
    AllocationRepository,
    AllocationService,
    AllocationState,
    CapacityRepository,
    Patience,
    TrainerCapacity,
    allocation_id,
)
from lyceum_allocation.audit import violations
from lyceum_allocation.testing import purchase, refund, trainer

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def service() -> AllocationService:
    return AllocationService(
        allocations=AllocationRepository(),
        capacities=CapacityRepository(),
        random=Random(1),
        patience=Patience(random=Random(1)),
    )


def store(*capacities: TrainerCapacity) -> None:
    for capacity in capacities:
        CapacityRepository().insert(capacity)


def allocation(student: str, course: str = "course-1", org_id: str = "default") -> Allocation:
    return AllocationRepository().get(allocation_id(org_id, student, course))


def states() -> dict[str, str]:
    return {found.student_id: found.state for found in Allocation.objects}


def events(student: str) -> list[str]:
    return [entry["type"] for entry in allocation(student).outbox]


def load() -> dict[str, int]:
    return {found.id: found.load for found in TrainerCapacity.objects}


def test_a_purchase_gets_a_trainer_with_the_skill_and_a_free_seat(service: AllocationService) -> None:
    store(
        trainer("wrong-language", capacity=5, skills=["math|hi"]),
        trainer("full", capacity=0),
        trainer("fits", capacity=1),
    )

    service.allocate(purchase("p1", student="s1"), cause_id="event-1")

    found = allocation("s1")
    assert (found.state, found.trainer_id, found.epoch) == (AllocationState.ASSIGNED, "fits", 1)
    assert load() == {"wrong-language": 0, "full": 0, "fits": 1}
    assert violations(at_rest=True) == []


def test_the_event_leaves_in_the_write_that_it_reports(service: AllocationService) -> None:
    store(trainer("t1", capacity=1))

    service.allocate(purchase("p1", student="s1"), cause_id="event-1")

    found = allocation("s1")
    (entry,) = found.outbox
    assert (entry["type"], entry["topic"], entry["key"]) == ("TRAINER_ALLOCATED", "allocations", found.id)
    assert entry["headers"]["ce_causationid"] == "event-1"
    assert entry["headers"]["ce_id"] == entry["id"]
    assert found.outbox_due is not None


def test_case_and_blanks_do_not_tell_skills_apart(service: AllocationService) -> None:
    store(trainer("t1", capacity=1, skills=["computer science|en-gb"]))

    service.allocate(purchase("p1", student="s1", subject="Computer  Science", language="en-GB"))

    assert allocation("s1").trainer_id == "t1"


def test_nobody_free_means_a_place_in_the_queue_said_once(service: AllocationService) -> None:
    service.allocate(purchase("p1", student="s1"))
    service.allocate(purchase("p1", student="s1"))
    service.sweep()

    assert states() == {"s1": AllocationState.PENDING}
    assert events("s1") == ["ALLOCATION_WAITLISTED"]


def test_a_duplicate_and_a_second_purchase_give_no_second_trainer(service: AllocationService) -> None:
    store(trainer("t1", capacity=5), trainer("t2", capacity=5))

    for purchase_id in ("p1", "p1", "p2", "p1"):
        service.allocate(purchase(purchase_id, student="s1"))

    assert allocation("s1").grants == ["p1", "p2"]
    assert sum(load().values()) == 1
    assert events("s1") == ["TRAINER_ALLOCATED"]


def test_a_refund_takes_back_only_its_own_purchase(service: AllocationService) -> None:
    store(trainer("t1", capacity=1))
    service.allocate(purchase("p1", student="s1"))
    service.allocate(purchase("p2", student="s1"))

    service.refund(refund("p1", student="s1"))

    assert states() == {"s1": AllocationState.ASSIGNED}
    service.refund(refund("p2", student="s1"))
    assert states() == {"s1": AllocationState.CANCELLED}
    assert load() == {"t1": 0}
    assert events("s1") == ["TRAINER_ALLOCATED", "TRAINER_DEALLOCATED"]


def test_a_refund_that_comes_first_leaves_nothing_for_its_purchase_to_give(service: AllocationService) -> None:
    store(trainer("t1", capacity=1))

    service.refund(refund("p1", student="s1"))
    service.allocate(purchase("p1", student="s1"))

    assert states() == {"s1": AllocationState.CANCELLED}
    assert load() == {"t1": 0}
    assert events("s1") == []


def test_a_purchase_after_a_refund_is_served_at_a_new_epoch_by_the_former_trainer(service: AllocationService) -> None:
    store(trainer("t1", capacity=5), trainer("t2", capacity=5))
    service.allocate(purchase("p1", student="s1"))
    former = allocation("s1").trainer_id
    service.refund(refund("p1", student="s1"))

    service.allocate(purchase("p2", student="s1"))

    found = allocation("s1")
    assert (found.state, found.epoch, found.trainer_id) == (AllocationState.ASSIGNED, 2, former)
    assert sum(load().values()) == 1


def test_a_partial_refund_changes_nothing(service: AllocationService) -> None:
    store(trainer("t1", capacity=1))
    service.allocate(purchase("p1", student="s1"))

    service.refund(refund("p1", student="s1", full=False))

    assert states() == {"s1": AllocationState.ASSIGNED}
    assert allocation("s1").revoked == []


def test_a_seat_that_comes_free_goes_to_who_waits_longest(service: AllocationService) -> None:
    store(trainer("t1", capacity=1))
    for student in ("s1", "s2", "s3"):
        service.allocate(purchase(f"p-{student}", student=student))

    service.refund(refund("p-s1", student="s1"))

    assert states() == {
        "s1": AllocationState.CANCELLED,
        "s2": AllocationState.ASSIGNED,
        "s3": AllocationState.PENDING,
    }


def test_a_new_purchase_does_not_overtake_who_waits(service: AllocationService) -> None:
    service.allocate(purchase("p1", student="early"))
    store(trainer("t1", capacity=1))

    service.allocate(purchase("p2", student="late"))

    assert states() == {"early": AllocationState.ASSIGNED, "late": AllocationState.PENDING}
    assert events("late") == ["ALLOCATION_WAITLISTED"]


def test_who_cannot_be_served_holds_up_nobody(service: AllocationService) -> None:
    store(trainer("t1", capacity=1, avail=[10, 11, 12]))
    service.allocate(purchase("p1", student="night-owl", wants=[200, 201]))

    service.allocate(purchase("p2", student="lark", wants=[10, 11]))

    assert states() == {"night-owl": AllocationState.PENDING, "lark": AllocationState.ASSIGNED}


def test_organizations_share_nobody(service: AllocationService) -> None:
    store(trainer("t1", capacity=5, org_id="acme"))

    service.allocate(purchase("p1", student="s1"), org_id="other")
    service.allocate(purchase("p1", student="s1"), org_id="acme")

    assert allocation("s1", org_id="other").state == AllocationState.PENDING
    assert allocation("s1", org_id="acme").state == AllocationState.ASSIGNED


def test_the_sweeper_serves_who_was_left_waiting(service: AllocationService) -> None:
    for number in range(25):
        service.allocate(purchase(f"p{number}", student=f"s{number}", subject="math" if number % 2 else "art"))
    store(trainer("t1", capacity=50, skills=["math|en", "art|en"]))

    assert service.sweep() == 25
    assert violations(at_rest=True) == []


def test_seats_are_spread_by_utilisation(service: AllocationService) -> None:
    store(trainer("small", capacity=2), trainer("large", capacity=8))

    for number in range(5):
        service.allocate(purchase(f"p{number}", student=f"s{number}"))

    assert load() == {"small": 1, "large": 4}


def test_a_candidate_behind_a_page_of_unfit_ones_is_found(service: AllocationService) -> None:
    store(*(trainer(f"busy-{number:02}", capacity=9, avail=[1, 2]) for number in range(45)))
    store(trainer("fits", capacity=9, avail=[100, 101], last_assigned_at=None, load=0))

    service.allocate(purchase("p1", student="s1", wants=[100, 101]))

    assert allocation("s1").trainer_id == "fits"


def test_a_trainer_over_a_lowered_capacity_keeps_his_students_and_gets_no_new_one(service: AllocationService) -> None:
    store(trainer("t1", capacity=2))
    for student in ("s1", "s2"):
        service.allocate(purchase(f"p-{student}", student=student))
    capacities = CapacityRepository()
    assert capacities.revise(capacities.get("t1"), skills=["math|en"], capacity=1)

    service.allocate(purchase("p-s3", student="s3"))
    service.refund(refund("p-s1", student="s1"))

    assert states() == {
        "s1": AllocationState.CANCELLED,
        "s2": AllocationState.ASSIGNED,
        "s3": AllocationState.PENDING,
    }
    assert violations(at_rest=True) == []


def test_unknown_fields_of_a_document_survive(service: AllocationService) -> None:
    store(trainer("t1", capacity=1))
    service.allocate(purchase("p1", student="s1"))
    collection: Any = Allocation._get_collection()
    collection.update_one({}, {"$set": {"added_by_a_newer_release": 1}})

    service.refund(refund("p1", student="s1"))

    assert collection.find_one({})["added_by_a_newer_release"] == 1


def test_the_longest_subject_and_language_that_a_contract_admits_can_be_stored(service: AllocationService) -> None:
    subject, language = "\u0390" * 64, "abcdefgh-abcdefgh-abcdefgh-abcdefgh"

    service.allocate(purchase("p1", student="s1", subject=subject, language=language, wants=list(range(336))))

    assert states() == {"s1": AllocationState.PENDING}
