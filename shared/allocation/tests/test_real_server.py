"""The same answers from a real server: order, alternatives, counts and streams are the engine's own."""

import os
from collections.abc import Iterator
from datetime import timedelta

import pytest

from lyceum_allocation import Allocation, TrainerCapacity
from lyceum_allocation.audit import violations
from lyceum_allocation.testing import Town
from lyceum_database import verify_indexes
from lyceum_database.testing import temporary_database

pytestmark = pytest.mark.wire

HOUR = timedelta(hours=1)
MODELS = [Allocation, TrainerCapacity]


@pytest.fixture
def town() -> Iterator[Town]:
    with temporary_database(MODELS, uri=os.environ["MONGODB_URI"]):  # noqa: TID251 - the wire tests' own setting
        verify_indexes(MODELS)
        yield Town()


def test_relaxed_waiters_are_listed_in_order_page_by_page_and_served(town: Town) -> None:
    for number in range(45):
        first, second = ("en", "hi")[number % 2], ("hi", "en")[number % 2]
        town.buys(f"s{number:02}", language=first, second_language=second, wants=[1, 2])
    town.now += 12 * HOUR
    queues = town.allocations.queues(now=town.now)
    town.hire("t1", "math|hi", capacity=43, avail=[100, 101])

    assert {queue.skill for queue in queues} == {"math|en", "math|hi"}
    assert town.service.sweep() == 43
    assert town.trainers("s42", "s43", "s44") == ["t1", None, None]
    assert [town.service.explain(town.stored(s).id).places[0].position for s in ("s43", "s44")] == [1, 2]
    assert violations(at_rest=True, clock=town.clock) == []


def test_trainers_are_counted_explained_and_reckoned(town: Town) -> None:
    town.hire("t1", capacity=2)
    town.hire("t2", "math|hi")
    town.hire("gone", active=False)
    town.hire("away", on_leave_until=town.now + HOUR)
    town.hire("none", "mathematics|en")
    town.buys("s1")
    town.buys("artist", subject="art")
    town.after(25 * HOUR)

    assert town.stored("s1").decision["supply"] == {"subject": 4, "skill": 3, "active": 1, "free": 1}
    assert town.service.explain(town.stored("artist").id).is_starved
    figures = {one.skill: one for one in town.service.fairness().skills}
    assert (figures["math|en"].seats, figures["math|en"].seats_taken, figures["math|en"].served) == (3, 1, 1)
    assert figures["art|en"].waiting == 1


def test_the_longest_neglected_trainer_is_judged_first(town: Town) -> None:
    for number in range(3):
        town.hire(f"t{number}")
        town.buys(f"s{number}")
    town.capacities.mark_judged(["t1"])
    town.now += HOUR
    town.capacities.mark_judged(["t2"])

    due = town.capacities.due_for_judgement(not_since=town.now - HOUR / 2)

    assert list(due) == ["t0", "t1"]
    assert due["t1"] == [f"{town.stored('s1').id}:1"]


def test_ten_thousand_trainers_are_no_reason_to_read_more(town: Town) -> None:
    """A skill that is full reads nobody: what stands beside a purchase does not grow with who is full."""
    rows = [
        {
            "_id": f"t{number:05}",
            "org_id": "default",
            "skills": ["math|en"],
            "capacity": 1,
            "load": 1,
            "free": 0,
            "util_milli": 1000,
            "active": True,
            "version": 1,
            "seats": [],
            "overdraft": 0,
            "new_that_day": 0,
            "last_assigned_at": town.now,
        }
        for number in range(10_000)
    ]
    TrainerCapacity._get_collection().insert_many(rows)
    town.hire("free")

    town.buys("s1")

    assert town.trainers("s1") == ["free"]
    assert town.stored("s1").decision["supply"] == {"subject": 10_001, "skill": 10_001, "active": 10_001, "free": 1}
    assert town.stored("s1").decision["looked_at"] == 1
