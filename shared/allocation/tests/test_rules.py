"""Who may serve a student, and who serves best."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyceum_allocation.rules import (
    REFUSALS,
    STARVED_AFTER,
    Candidate,
    Requirement,
    Wish,
    concessions,
    funnel,
    ranked,
    refusal,
    utilisation_milli,
)

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
WISH = Wish(skill="math|en")
MINUTE = timedelta(minutes=1)
TWO_HOURS, TWELVE_HOURS = timedelta(hours=2), timedelta(hours=12)


def candidate(trainer_id: str = "t", **fields: Any) -> Candidate:
    defaults: dict[str, Any] = {"version": 1, "skills": frozenset({"math|en"}), "capacity": 10, "load": 0, "free": 10}
    return Candidate(trainer_id=trainer_id, **{**defaults, **fields})


def loaded(trainer_id: str, load: int, **fields: Any) -> Candidate:
    return candidate(trainer_id, load=load, free=10 - load, **fields)


def best(*candidates: Candidate, wish: Wish = WISH, seed: int = 0, scarcity: bool = False) -> str:
    return ranked(candidates, wish, now=NOW, random=Random(seed), scarcity=scarcity)[0].trainer_id


@pytest.mark.parametrize(
    ("fields", "wish", "rule"),
    [
        ({}, WISH, None),
        ({"skills": frozenset({"math|hi"})}, WISH, "skill"),
        ({"active": False}, WISH, "inactive"),
        ({"on_leave_until": NOW + timedelta(days=1)}, WISH, "leave"),
        ({"on_leave_until": NOW}, WISH, None),
        ({"free": 0}, WISH, "full"),
        ({"free": -1}, WISH, "full"),
        ({"free": 1}, Wish(skill="math|en", weight=2), "full"),
        ({}, Wish(skill="math|en", excluded=frozenset({"t"})), "excluded"),
        ({"avail": frozenset({1, 2})}, Wish(skill="math|en", wants=frozenset({2, 3})), "hours"),
        ({"avail": frozenset({1, 2})}, Wish(skill="math|en", wants=frozenset({1, 2, 3})), None),
        ({"avail": frozenset({1, 2})}, Wish(skill="math|en", wants=frozenset({2})), None),
        ({"avail": frozenset({1, 2})}, WISH, None),
        ({}, Wish(skill="math|en", wants=frozenset({2})), None),
        ({"max_new_per_day": 2, "new_on": "2026-01-31", "new_that_day": 2}, WISH, "daily cap"),
        ({"max_new_per_day": 2, "new_on": "2026-01-31", "new_that_day": 1}, WISH, None),
        ({"max_new_per_day": 2, "new_on": "2026-01-30", "new_that_day": 2}, WISH, None),
        ({"max_new_per_day": 0}, WISH, "daily cap"),
    ],
)
def test_each_hard_rule_refuses_and_names_itself(fields: dict[str, Any], wish: Wish, rule: str | None) -> None:
    assert refusal(candidate(**fields), wish, NOW) == rule


def test_the_least_utilised_serves_not_the_one_with_the_smallest_count() -> None:
    assert best(candidate("small", capacity=2, load=1, free=1), candidate("large", capacity=10, load=2, free=8)) == (
        "large"
    )


def test_the_previous_trainer_serves_again_unless_nearly_full() -> None:
    wish = Wish(skill="math|en", previous_trainer_id="back")

    assert best(loaded("back", 8), loaded("idle", 0), wish=wish) == "back"
    assert best(loaded("back", 9), loaded("idle", 0), wish=wish) == "idle"


def test_scarcity_keeps_the_versatile_for_rare_skills_and_can_be_switched_off() -> None:
    many = frozenset({"math|en", "art|en", "bio|en", "chem|en"})
    versatile, specialist = loaded("versatile", 1, skills=many), loaded("specialist", 2)

    assert best(versatile, specialist, scarcity=False) == "versatile"
    assert best(versatile, specialist, scarcity=True) == "specialist"


def test_among_equals_the_least_recently_assigned_come_first() -> None:
    recent = [loaded(f"t{n}", 1, last_assigned_at=NOW - timedelta(minutes=n)) for n in range(6)]

    drawn = {best(*recent, seed=seed) for seed in range(60)}

    assert drawn == {"t5", "t4", "t3"}


def test_the_draw_is_among_equals_only() -> None:
    drawn = Counter(best(loaded("a", 1), loaded("b", 1), loaded("c", 2), seed=seed) for seed in range(60))

    assert set(drawn) == {"a", "b"}
    assert min(drawn.values()) > 10


@given(
    loads=st.lists(st.integers(0, 10), max_size=8),
    seed=st.integers(0, 5),
    scarcity=st.booleans(),
)
def test_the_order_holds_all_who_may_serve_and_nobody_else(loads: list[int], seed: int, *, scarcity: bool) -> None:
    candidates = [loaded(f"t{number}", load) for number, load in enumerate(loads)]

    order = ranked(candidates, WISH, now=NOW, random=Random(seed), scarcity=scarcity)

    assert sorted(found.trainer_id for found in order) == sorted(c.trainer_id for c in candidates if c.free > 0)
    scores = [found.scarcity_milli if scarcity else found.util_milli for found in order]
    assert scores == sorted(scores)


def test_without_capacity_a_trainer_counts_as_full() -> None:
    assert [utilisation_milli(0, 0), utilisation_milli(1, 3), utilisation_milli(3, 3)] == [1000, 333, 1000]


PICKY = Wish(skill="math|en", second_skill="math|hi", wants=frozenset({1, 2}))


def after(waited: timedelta, wish: Wish = PICKY) -> Wish:
    return replace(wish, waited=waited)


@pytest.mark.parametrize(
    ("fields", "refused_until", "rule"),
    [
        ({"avail": frozenset({7, 8})}, TWO_HOURS, "hours"),
        ({"skills": frozenset({"math|hi"})}, TWELVE_HOURS, "skill"),
        ({"skills": frozenset({"math|hi"}), "avail": frozenset({7, 8})}, TWELVE_HOURS, "skill"),
    ],
)
def test_a_requirement_is_given_up_at_its_age_and_not_before(
    fields: dict[str, Any], refused_until: timedelta, rule: str
) -> None:
    assert refusal(candidate(**fields), after(refused_until - MINUTE), NOW) == rule
    assert refusal(candidate(**fields), after(refused_until), NOW) is None


@pytest.mark.parametrize("waited", [timedelta(0), TWO_HOURS, TWELVE_HOURS, STARVED_AFTER, timedelta(days=365)])
@pytest.mark.parametrize("skill", ["art|en", "art|hi", "mathematics|en", "math|fr"])
def test_the_subject_and_a_language_that_was_not_named_are_never_given_up(waited: timedelta, skill: str) -> None:
    assert refusal(candidate(skills=frozenset({skill})), after(waited), NOW) == "skill"


@pytest.mark.parametrize("waited", [timedelta(0), timedelta(days=365)])
@pytest.mark.parametrize(
    "fields", [{"free": 0}, {"active": False}, {"on_leave_until": NOW + MINUTE}, {"max_new_per_day": 0}]
)
def test_no_wait_makes_room_where_there_is_none(fields: dict[str, Any], waited: timedelta) -> None:
    assert refusal(candidate(**fields), after(waited), NOW) is not None


def test_only_what_was_asked_for_counts_as_given_up() -> None:
    assert after(STARVED_AFTER).relaxed == (Requirement.HOURS, Requirement.FIRST_LANGUAGE)
    assert after(TWO_HOURS).relaxed == (Requirement.HOURS,)
    assert after(STARVED_AFTER, WISH).relaxed == ()


def test_who_meets_the_whole_wish_serves_before_who_meets_a_relaxed_one_however_idle() -> None:
    hindi, elsewhen = {"skills": frozenset({"math|hi"})}, {"avail": frozenset({7, 8})}
    wish = after(STARVED_AFTER)

    assert best(loaded("strict", 8), loaded("hindi", 0, **hindi), loaded("late", 0, **elsewhen), wish=wish) == "strict"
    assert best(loaded("late", 8, **elsewhen), loaded("both", 0, **hindi, **elsewhen), wish=wish) == "late"
    assert concessions(loaded("both", 0, **hindi, **elsewhen), wish) == (
        Requirement.HOURS,
        Requirement.FIRST_LANGUAGE,
    )
    assert concessions(loaded("strict", 8), wish) == ()


def test_the_funnel_counts_who_is_left_after_each_rule() -> None:
    crowd = [
        candidate("other", skills=frozenset({"art|en"})),
        candidate("gone", active=False),
        candidate("away", on_leave_until=NOW + MINUTE),
        candidate("disliked"),
        candidate("night", avail=frozenset({7, 8})),
        candidate("full", free=0),
        candidate("enough", max_new_per_day=0),
        candidate("able"),
    ]
    wish = replace(PICKY, excluded=frozenset({"disliked"}))

    left = funnel(crowd, wish, NOW)

    assert tuple(left) == REFUSALS
    assert list(left.values()) == [7, 6, 5, 4, 3, 2, 1]
    assert [refusal(one, wish, NOW) for one in crowd] == [*REFUSALS, None]
