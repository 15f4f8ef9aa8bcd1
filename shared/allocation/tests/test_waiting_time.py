"""The time to wait is reckoned from releases, and not promised without them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lyceum_allocation.waiting_time import FREED_KEPT, Estimate, estimate

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def trainer(*freed_days_ago: float, skills: tuple[str, ...] = ("math|en",), age: int = 100) -> dict[str, Any]:
    return {
        "skills": list(skills),
        "freed": [NOW - days * DAY for days in sorted(freed_days_ago, reverse=True)],
        "created_at": NOW - age * DAY,
    }


def estimated(*trainers: dict[str, Any], position: int = 1, in_demand: tuple[str, ...] = ("math|en",)) -> Estimate:
    return estimate(position, trainers, skill="math|en", in_demand=in_demand, now=NOW)


def test_every_place_takes_one_release_of_the_last_four_weeks() -> None:
    found = estimated(trainer(1, 5), trainer(9, 20), position=3)

    assert found.per_day == pytest.approx(4 / 28)
    assert found.at == NOW + 21 * DAY


def test_releases_before_that_count_for_nothing() -> None:
    assert estimated(trainer(1, 29, 30, 31)).at is None


def test_a_trainer_who_is_new_has_not_been_idle_before() -> None:
    assert estimated(trainer(1, 2, 3, age=7)).per_day == pytest.approx(3 / 7)


def test_of_a_list_that_is_full_only_its_own_time_is_known() -> None:
    assert estimated(trainer(*(number / 2 for number in range(1, FREED_KEPT + 1)))).per_day == pytest.approx(2)


def test_a_burst_of_one_hour_is_no_rate_of_many_a_day() -> None:
    found = estimated(trainer(0.01, 0.02, 0.03, age=1))

    assert found.per_day == pytest.approx(3)
    assert found.reason == "3 seats for math|en came free in the last day, 3 a day for this queue"


def test_the_reason_names_the_time_in_which_seats_came_free() -> None:
    assert (
        "3 seats for math|en came free in the last 7 days, "
        in estimated(trainer(1, age=2), trainer(2, 3, age=7)).reason
    )
    assert " in the last 2 days, " in estimated(trainer(0.1, 1, 1.1, age=2), trainer(age=90)).reason


def test_a_seat_that_may_go_to_either_of_two_queues_counts_half_for_each() -> None:
    both = trainer(1, 2, 3, 4, skills=("math|en", "art|en", "bio|en"))

    assert estimated(both).per_day == pytest.approx(4 / 28)
    assert estimated(both, in_demand=("math|en", "art|en")).per_day == pytest.approx(2 / 28)


@pytest.mark.parametrize(
    "trainers", [(), (trainer(),), (trainer(1, 2),), ({"skills": ["math|en"], "created_at": NOW},)]
)
def test_too_few_releases_are_no_history(trainers: tuple[dict[str, Any], ...]) -> None:
    found = estimated(*trainers)

    assert found.at is None
    assert found.reason.endswith("came free in 28 days: too few to tell")
