"""Why a student has his trainer, and why another has none: true, complete, and of a bounded size."""

import json
from datetime import datetime, timedelta
from typing import Any

import pytest

from lyceum_allocation import AllocationService, MoveReason, allocation_id
from lyceum_allocation.allocations import Queue
from lyceum_allocation.supply import RecentSupply
from lyceum_allocation.testing import CrashingCapacities, CrashPlan, Town, purchase, refund
from lyceum_database import NotFound
from lyceum_database.testing.stepping import Crash

pytestmark = pytest.mark.usefixtures("database")

DAY = timedelta(days=1)


def explained(town: Town, student: str) -> Any:
    return town.service.explain(allocation_id("default", student, "course-1"))


def staff(town: Town) -> None:
    """Twelve teach maths, seven of them in English, three of those have a free seat."""
    for number in range(5):
        town.hire(f"hindi{number}", "math|hi")
    for number in range(7):
        town.hire(f"english{number}", capacity=5 if number < 3 else 0)
    town.hire("artist", "art|en")


def test_an_assigned_student_is_told_the_way_from_all_who_teach_to_the_one(town: Town) -> None:
    staff(town)
    for number in range(7):
        town.buys(f"s{number}")

    told = explained(town, "s6")

    assert (
        told.why == "12 teach math -> 7 in en -> 3 with a free seat -> chosen: util 0.4, drawn from 3 of equal standing"
    )
    assert (told.state, told.trainer_id) == ("ASSIGNED", town.stored("s6").trainer_id)
    assert (told.shortage, told.waiting_since, told.places) == (None, None, ())
    assert [line["what"] for line in told.history] == ["granted", "assigned"]


def test_both_scores_and_the_version_of_the_rules_are_kept_with_each_choice(town: Town) -> None:
    town.hire("t1", "math|en", "art|en", capacity=4)
    town.buys("s1")
    town.buys("s2")

    decision = town.stored("s2").decision

    assert decision["scores"] == {"util_milli": 250, "scarcity_milli": 300}
    assert (decision["rules"], decision["chosen_by"], decision["waited_s"]) == (2, "utilisation", 0)
    assert town.stored("s2").history[-1]["scarcity_milli"] == 300


def test_the_switch_for_scarcity_decides_and_is_named(database: None) -> None:
    town = Town(scarcity=True)
    town.hire("versatile", "math|en", "art|en", "bio|en", "chem|en")
    town.hire("specialist")
    town.buys("s1")

    assert town.trainers("s1") == ["specialist"]
    assert "chosen: util 0, with scarcity 0.05" in explained(town, "s1").why


def test_what_refused_those_who_were_looked_at_is_counted(town: Town) -> None:
    town.hire("night", avail=[100, 101])
    town.hire("shy", max_new_per_day=0)
    town.hire("able", avail=[1, 2])
    town.buys("s1", wants=[1, 2])

    told = explained(town, "s1")

    assert told.decision["refused"] == {"hours": 1, "daily cap": 1}
    assert told.why.endswith("1 suit of 3 looked at (1 hours, 1 daily cap) -> chosen: util 0")


def test_who_stayed_as_nobody_else_was_free_is_told_why_until_he_is_moved(town: Town) -> None:
    town.hire("t1")
    town.buys("s1")
    town.hire("full", capacity=0)
    town.hire("hindi", "math|hi")
    assert explained(town, "s1").elsewhere is None

    town.service.move(town.stored("s1").id, reason=MoveReason.OVERLOAD, actor="ada")
    assert explained(town, "s1").elsewhere == "2 teach math -> 1 in en -> 0 with a free seat"
    town.hire("t2")
    assert explained(town, "s1").elsewhere.endswith("1 with a free seat: somebody is free by now")
    town.service.move(town.stored("s1").id, reason=MoveReason.OVERLOAD, actor="ada")

    assert (town.trainers("s1"), explained(town, "s1").elsewhere) == (["t2"], None)


@pytest.mark.parametrize(
    ("trainers", "stage", "why"),
    [
        ([], "subject", "0 teach math"),
        ([("math|hi", {})], "skill", "1 teach math -> 0 in en"),
        ([("math|en", {"active": False})], "inactive", "1 teach math -> 1 in en -> 0 active"),
        ([("math|en", {"capacity": 0})], "full", "1 teach math -> 1 in en -> 0 with a free seat"),
        (
            [("math|en", {"avail": [100, 101]}), ("math|en", {"avail": [1, 2], "capacity": 0})],
            "full",
            "2 teach math -> 2 in en -> 1 at these hours -> 0 with a free seat",
        ),
        ([("math|en", {"avail": [100, 101]})], "hours", "1 teach math -> 1 in en -> 0 at these hours"),
        ([("math|en", {"max_new_per_day": 0})], "daily cap", "1 teach math -> 1 in en -> 0 below their daily cap"),
        ([("mathematics|en", {})], "subject", "0 teach math"),
    ],
)
def test_a_waiting_student_is_told_where_the_last_candidates_were_lost(
    town: Town, trainers: list[tuple[str, dict[str, Any]]], stage: str, why: str
) -> None:
    for number, (skill, fields) in enumerate(trainers):
        town.hire(f"t{number}", skill, **fields)
    town.buys("s1", wants=[1, 2])

    told = explained(town, "s1")

    assert (told.shortage.stage, told.why) == (stage, why)
    assert told.waiting_since == town.stored("s1").waiting_since
    assert told.trainer_id is None


def test_trainers_of_another_organization_are_nowhere_counted(town: Town) -> None:
    town.hire("other", capacity=9, org_id="other")
    town.hire("t1")
    town.buys("s1")
    town.buys("s2")

    assert explained(town, "s1").why == "1 teach math -> 1 in en -> 1 with a free seat -> chosen: util 0"
    assert explained(town, "s2").why == "1 teach math -> 1 in en -> 0 with a free seat"


def test_what_was_given_up_while_waiting_is_named_and_no_longer_counted(town: Town) -> None:
    town.hire("t1", "math|hi", capacity=0, avail=[100, 101])
    town.buys("s1", wants=[1, 2], second_language="hi")
    town.after(DAY / 2)

    told = explained(town, "s1")

    assert told.shortage.relaxed == ("hours", "first language")
    assert told.why == "1 teach math -> 1 in en or hi -> 0 with a free seat"
    assert [(place.skill, place.position) for place in told.places] == [("math|en", 1), ("math|hi", 1)]


def test_the_place_counts_who_is_ahead_of_him_in_that_queue_and_nobody_else(town: Town) -> None:
    for student in ("s1", "s2", "s3"):
        town.buys(student)
    town.buys("artist", subject="art")

    assert [explained(town, student).places[0].position for student in ("s1", "s2", "s3", "artist")] == [1, 2, 3, 1]


def test_the_time_to_wait_follows_from_how_often_seats_came_free(town: Town) -> None:
    town.hire("t1", capacity=10)
    town.now += 20 * DAY
    for number in range(10):
        town.buys(f"s{number}")
    for number in range(10):
        town.returns(f"s{number}")
    for number in range(12):
        town.buys(f"again{number}")

    first, second = (explained(town, student).places[0].estimate for student in ("again10", "again11"))

    assert first.per_day == pytest.approx(0.5, abs=0.01)
    assert days_until(town, first.at) == pytest.approx(2, abs=0.1)
    assert days_until(town, second.at) == pytest.approx(4, abs=0.1)


def test_without_history_no_time_is_promised_and_the_reason_is_given(town: Town) -> None:
    town.hire("t1")
    town.buys("s1")
    town.buys("s2")

    (place,) = explained(town, "s2").places

    assert place.estimate.at is None
    assert place.estimate.reason == "0 seats for math|en came free in 28 days: too few to tell"


def test_who_was_refunded_is_told_so(town: Town) -> None:
    town.buys("s1")
    town.returns("s1")
    town.returns("early")

    assert explained(town, "s1").why == "every purchase was refunded"
    assert explained(town, "early").why == "its refund came before its purchase"


def test_a_choice_that_died_with_its_process_is_not_invented(town: Town) -> None:
    town.hire("t1")
    plan = CrashPlan()
    plan.arm(1)  # after the claim
    dying = AllocationService(
        allocations=town.allocations, capacities=CrashingCapacities(plan, clock=town.clock), clock=town.clock
    )
    town.buys("other", subject="art")
    with pytest.raises(Crash):
        dying.allocate(purchase("p-s1", student="s1"))
    town.after(timedelta(minutes=1))

    assert town.trainers("s1") == ["t1"]
    assert (
        explained(town, "s1").why
        == "not known: who chose died before the seat was confirmed, or choices were not kept yet"
    )


def test_an_unknown_allocation_and_one_of_another_organization_are_not_there(town: Town) -> None:
    town.buys("s1")

    with pytest.raises(NotFound):
        town.service.explain("nobody")
    with pytest.raises(NotFound):
        town.service.explain(town.stored("s1").id, org_id="other")


def test_what_is_kept_stays_small_however_many_trainers_and_choices_there_were(town: Town) -> None:
    for number in range(60):
        town.hire(f"t{number}", avail=[1, 2] if number == 59 else [100, 101], max_new_per_day=number % 2)
    for number in range(30):
        town.service.allocate(purchase(f"p{number}", student="s1", wants=[1, 2]))
        town.service.refund(refund(f"p{number}", student="s1"))
    town.service.allocate(purchase("last", student="s1", wants=[1, 2]))

    stored = town.stored("s1")

    assert len(json.dumps(stored.decision)) < 600
    assert len(stored.history) <= 50


def test_the_supply_of_a_skill_is_counted_once_a_minute(town: Town) -> None:
    town.hire("t1", capacity=9)
    seconds = 0.0
    supply = RecentSupply(town.capacities, monotonic=lambda: seconds)
    queue = Queue("default", "math|en")

    before = supply.of(queue)
    town.hire("t2")
    kept = supply.of(queue)
    seconds = 60.0

    assert (before.skill, kept.skill, supply.of(queue).skill) == (1, 1, 2)


def days_until(town: Town, moment: datetime) -> float:
    return (moment - town.now) / DAY
