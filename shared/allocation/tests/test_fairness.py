"""Figures of fairness: right on small worlds that can be reckoned by hand, and read as streams."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyceum_allocation import SkillFairness
from lyceum_allocation.fairness import fairness, jain, percentile
from lyceum_allocation.states import MoveReason
from lyceum_allocation.survey import Survey
from lyceum_allocation.testing import Town

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def figures(town: Town) -> dict[str, SkillFairness]:
    return {found.skill: found for found in town.service.fairness().skills}


def test_utilisation_is_reckoned_per_skill_over_active_trainers(town: Town) -> None:
    town.hire("full", capacity=1)
    town.hire("half", capacity=2)
    town.hire("gone", capacity=5, active=False)
    town.hire("nobody", capacity=0)
    town.hire("artist", "art|en", capacity=4)
    for student in ("s1", "s2"):
        town.buys(student)

    found = figures(town)

    maths = found["math|en"]
    assert (maths.trainers, maths.seats, maths.seats_taken) == (2, 3, 2)
    assert (maths.util_min, maths.util_max) == (0.5, 1.0)
    assert maths.jain == pytest.approx(1.5**2 / (2 * (1 + 0.25)))
    assert maths.new_per_trainer == 1.0
    assert (found["art|en"].jain, found["art|en"].trainers) == (1.0, 1)


def test_waits_and_strict_matches_are_those_of_the_last_week(town: Town) -> None:
    town.buys("late", wants=[1, 2])
    town.now += 3 * HOUR
    town.hire("night", avail=[100, 101], capacity=9)
    town.service.sweep()
    town.buys("prompt")
    town.buys("waiting", subject="art")
    town.now += HOUR

    maths, art = figures(town)["math|en"], figures(town)["art|en"]

    assert (maths.served, maths.wait_p50_s, maths.wait_p95_s) == (2, 0.0, 3 * 3600)
    assert maths.strict_share == 0.5
    assert (art.waiting, art.trainers, art.served, art.strict_share) == (1, 0, 0, None)
    assert art.oldest_wait_s == pytest.approx(3600, abs=1)
    town.now += timedelta(days=8)
    assert figures(town)["math|en"].served == 0


def test_only_so_many_allocations_are_read_the_newest_first(town: Town) -> None:
    town.hire("t1", capacity=9)
    for number in range(5):
        town.buys(f"s{number}")

    read = [row["_id"] for row in Survey().assigned_since(town.now - HOUR, most=2)]

    assert read == [town.stored("s4").id, town.stored("s3").id]


def served(**fields: Any) -> dict[str, Any]:
    return {"org_id": "default", "skill": "math|en", "assigned_at": NOW, "decision": {}, **fields}


def test_moves_and_those_by_hand_are_counted_for_each_hundred() -> None:
    rows = [
        *(served() for _ in range(6)),
        served(moved_at=NOW, move_reason="leave"),
        served(moved_at=NOW, move_reason="admin"),
        served(moved_at=NOW - timedelta(days=8), move_reason="admin"),
        served(moved_at=None),
    ]

    found = fairness([], [], rows, now=NOW)

    assert (found.served, found.moves_per_100, found.manual_per_100) == (10, 20.0, 10.0)


def test_a_move_by_hand_is_counted_as_one_and_a_leave_as_none(town: Town) -> None:
    town.hire("t1", capacity=2)
    for student in ("s1", "s2"):
        town.buys(student)
    town.hire("t2")
    town.service.move(town.stored("s1").id, reason=MoveReason.ADMIN, actor="ada")
    town.hire("t3")
    town.service.leave("t1", for_good=True, actor="ada")

    found = town.service.fairness()

    assert town.trainers("s1", "s2") == ["t2", "t3"]
    assert (found.served, found.moves_per_100, found.manual_per_100) == (2, 100.0, 50.0)


def test_organizations_are_kept_apart() -> None:
    trainers = [
        {"org_id": org, "skills": ["math|en"], "capacity": 2, "load": load, "util_milli": 500 * load}
        for org, load in (("a", 2), ("b", 0))
    ]

    found = fairness(trainers, [], [], now=NOW)

    assert [(one.org_id, one.util_max, one.jain) for one in found.skills] == [("a", 1.0, 1.0), ("b", 0.0, 1.0)]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_the_index_lies_between_one_over_n_and_one(values: list[float]) -> None:
    assert 1 / len(values) - 1e-9 <= jain(values) <= 1 + 1e-9


def test_the_index_of_one_who_does_everything_and_of_all_alike() -> None:
    assert (jain([0.7, 0, 0, 0]), jain([])) == (0.25, 1.0)
    assert jain([0.3] * 7) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.5, None), ([7], 0.95, 7), ([4, 1, 3, 2], 0.5, 2), (list(range(1, 101)), 0.95, 95), ([1, 2], 0.95, 2)],
)
def test_a_percentile_is_the_nearest_rank(values: list[int], share: float, expected: float | None) -> None:
    assert percentile(values, share) == expected
