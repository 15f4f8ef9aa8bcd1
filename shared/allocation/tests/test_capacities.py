"""A seat is taken and given back by one conditional write that refuses whatever is no longer as it was read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lyceum_allocation import CapacityRepository, TrainerCapacity
from lyceum_allocation.allocations import Queue
from lyceum_allocation.audit import violations
from lyceum_allocation.rules import Candidate
from lyceum_allocation.testing import trainer

pytestmark = pytest.mark.usefixtures("database")

MATHS = Queue("default", "math|en")


@pytest.fixture
def capacities() -> CapacityRepository:
    return CapacityRepository()


def candidate(capacities: CapacityRepository, trainer_id: str) -> Candidate:
    found = capacities.find_candidate(trainer_id)
    assert found is not None
    return found


def hire(capacities: CapacityRepository, trainer_id: str, *, capacity: int, **fields: Any) -> Candidate:
    capacities.insert(trainer(trainer_id, capacity=capacity, **fields))
    return candidate(capacities, trainer_id)


def test_a_claim_changes_all_figures_in_one_write(capacities: CapacityRepository) -> None:
    read = hire(capacities, "t1", capacity=4)

    assert capacities.claim(read, "a:1")

    stored = capacities.get("t1")
    assert (stored.load, stored.free, stored.util_milli, stored.version) == (1, 3, 250, 2)
    assert [seat.k for seat in stored.seats] == ["a:1"]
    assert stored.last_assigned_at is not None
    assert violations() == []


def test_a_claim_on_what_has_changed_since_is_refused(capacities: CapacityRepository) -> None:
    stale = hire(capacities, "t1", capacity=4)
    assert capacities.claim(stale, "a:1")

    assert not capacities.claim(stale, "b:1")

    assert capacities.get("t1").load == 1


def test_a_full_trainer_refuses_even_a_fresh_claim(capacities: CapacityRepository) -> None:
    hire(capacities, "t1", capacity=1)
    assert capacities.claim(candidate(capacities, "t1"), "a:1")

    assert not capacities.claim(candidate(capacities, "t1"), "b:1")

    assert capacities.get("t1").load == 1


def test_a_trainer_never_holds_two_seats_of_one_key(capacities: CapacityRepository) -> None:
    hire(capacities, "t1", capacity=4)
    assert capacities.claim(candidate(capacities, "t1"), "a:1")

    assert not capacities.claim(candidate(capacities, "t1"), "a:1")

    assert capacities.get("t1").load == 1


def test_a_trainer_who_was_made_inactive_refuses(capacities: CapacityRepository) -> None:
    read = hire(capacities, "t1", capacity=4)
    TrainerCapacity._get_collection().update_one({"_id": "t1"}, {"$set": {"active": False}})

    assert not capacities.claim(read, "a:1")


def test_a_release_gives_back_exactly_the_seat(capacities: CapacityRepository) -> None:
    hire(capacities, "t1", capacity=4)
    for key in ("a:1", "b:1"):
        assert capacities.claim(candidate(capacities, "t1"), key)

    assert capacities.release(capacities.get("t1"), "a:1")

    assert [seat.k for seat in capacities.get("t1").seats] == ["b:1"]
    assert violations() == []


def test_a_release_on_what_has_changed_since_is_refused(capacities: CapacityRepository) -> None:
    hire(capacities, "t1", capacity=4)
    assert capacities.claim(candidate(capacities, "t1"), "a:1")
    stale = capacities.get("t1")
    assert capacities.claim(candidate(capacities, "t1"), "b:1")

    assert not capacities.release(stale, "a:1")

    assert capacities.get("t1").load == 2


def test_two_who_release_one_seat_give_it_back_once(capacities: CapacityRepository) -> None:
    hire(capacities, "t1", capacity=4)
    assert capacities.claim(candidate(capacities, "t1"), "a:1")
    first, second = capacities.get("t1"), capacities.get("t1")

    assert capacities.release(first, "a:1")
    assert not capacities.release(second, "a:1")
    assert capacities.release(capacities.get("t1"), "a:1"), "what is gone counts as given back"

    assert (capacities.get("t1").load, capacities.get("t1").free) == (0, 4)


def test_a_revision_moves_the_figures_and_keeps_the_seats(capacities: CapacityRepository) -> None:
    hire(capacities, "t1", capacity=2)
    for key in ("a:1", "b:1"):
        assert capacities.claim(candidate(capacities, "t1"), key)

    assert capacities.revise(capacities.get("t1"), skills=["art|en"], capacity=1)

    stored = capacities.get("t1")
    assert (stored.load, stored.free, stored.util_milli, stored.overdraft) == (2, -1, 2000, 1)
    assert violations() == []


def test_candidates_are_those_with_the_skill_and_a_seat_least_utilised_first(capacities: CapacityRepository) -> None:
    hire(capacities, "half", capacity=2)
    assert capacities.claim(candidate(capacities, "half"), "a:1")
    hire(capacities, "idle", capacity=1)
    hire(capacities, "full", capacity=0)
    hire(capacities, "other", capacity=5, skills=["art|en"])
    hire(capacities, "foreign", capacity=5, org_id="acme")
    hire(capacities, "paused", capacity=5, active=False)

    assert [found.trainer_id for found in capacities.candidates(MATHS)] == ["idle", "half"]


def test_the_daily_count_starts_anew_each_day() -> None:
    now = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    capacities = CapacityRepository(clock=lambda: now)
    hire(capacities, "t1", capacity=5)
    for key in ("a:1", "b:1"):
        assert capacities.claim(candidate(capacities, "t1"), key)

    read = candidate(capacities, "t1")

    assert read.new_on_day(now) == 2
    assert read.new_on_day(now + timedelta(days=1)) == 0
