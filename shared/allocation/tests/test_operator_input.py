"""What an operator types, and what he is shown: previews that hold, ids and moments as people write them."""

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lyceum_allocation import Allocation, CapacityRepository
from lyceum_allocation.commands import allocations, trainers
from lyceum_allocation.commands.moments import Moment
from lyceum_allocation.rules import Candidate
from lyceum_allocation.testing import Town
from lyceum_database import utc_now

from .test_operator_commands import run, town

__all__ = ["town"]

BY_NAME = ("--student", "s1", "--course", "course-1")


def objects(command: Any, *arguments: str) -> list[Any]:
    return [json.loads(line) for line in run(command, *arguments, "--json").stdout.splitlines()]


def candidate(trainer_id: str) -> Candidate:
    found = CapacityRepository().find_candidate(trainer_id)
    assert found is not None
    return found


@pytest.mark.parametrize(("typed", "ahead"), [("90m", timedelta(minutes=90)), ("5400s", timedelta(minutes=90))])
def test_a_moment_is_written_as_the_dead_letters_have_it(typed: str, ahead: timedelta) -> None:
    found = Moment().convert(typed, None, None)

    assert abs(datetime.now(UTC) + ahead - found) < timedelta(seconds=5)


@pytest.mark.parametrize(("kind", "left"), [(("--until", "14d"), "stayed"), (("--for-good",), "waiting")])
def test_a_dry_run_tells_what_apply_then_does(town: Town, kind: tuple[str, ...], left: str) -> None:
    """Ten students, three seats."""
    town.hire("t1", "math|en", "art|en", capacity=11)
    for number in range(9):
        town.buys(f"s{number}")
    town.buys("artist", subject="art")
    town.hire("t2", "math|en", "math|hi", capacity=4, max_new_per_day=1)
    town.hire("t3", "math|en", capacity=2)

    shown = objects(trainers, "leave", "t1", *kind)
    (done,) = objects(trainers, "leave", "t1", *kind, "--apply")

    assert {name: count for name, count in done.items() if count} == {"moved": 3, left: 7}
    assert Counter(one["outcome"] for one in shown) == {"moved": 3, left: 7}
    for one in shown:
        found = town.allocations.get(one["allocation_id"])
        assert (found.trainer_id != "t1") == (one["outcome"] == "moved"), "the same students, in order of id"


def test_a_dry_run_leaves_seats_to_who_waits_for_them_already(town: Town) -> None:
    town.hire("t1")
    town.buys("s1")
    town.buys("waits")
    town.hire("t2")

    (shown,) = objects(trainers, "leave", "t1", "--until", "14d")
    (done,) = objects(trainers, "leave", "t1", "--until", "14d", "--apply")

    assert (shown["outcome"], done) == ("stayed", {"moved": 0, "stayed": 1, "waiting": 0})
    assert town.trainers("waits") == ["t2"]


def test_a_dry_run_gives_nobody_to_the_trainer_who_leaves(town: Town) -> None:
    town.hire("t1", "math|en", capacity=1)
    town.buys("s1")
    town.buys("waits")
    town.hire("t2", "math|en", "art|en", capacity=3)
    assert CapacityRepository().claim(candidate("t2"), "others:1", weight=2)
    assert CapacityRepository().revise(CapacityRepository().get("t1"), skills=["math|en"], capacity=2)

    (shown,) = objects(trainers, "leave", "t1", "--until", "14d")
    (done,) = objects(trainers, "leave", "t1", "--until", "14d", "--apply")

    assert (shown["outcome"], done) == ("stayed", {"moved": 0, "stayed": 1, "waiting": 0})
    assert town.trainers("waits") == ["t2"]


def test_who_left_for_good_and_is_only_away_after_all_keeps_his_students(town: Town) -> None:
    town.hire("t1")
    town.buys("s1")
    assert objects(trainers, "leave", "t1", "--for-good", "--apply") == [{"moved": 0, "stayed": 0, "waiting": 1}]

    (shown,) = objects(trainers, "leave", "t1", "--until", "2w")
    (done,) = objects(trainers, "leave", "t1", "--until", "2w", "--apply")

    assert (shown["outcome"], done) == ("stayed", {"moved": 0, "stayed": 1, "waiting": 0})
    assert town.stored("s1").state == "ASSIGNED"


@pytest.mark.parametrize(
    ("until", "says"),
    [("2999-07-01T08:00+05:00", "2999-07-01 03:00:00Z"), ("2999-07-01T23:30-01:00", "2999-07-02 00:30:00Z")],
)
def test_a_moment_with_an_offset_is_told_in_utc(town: Town, until: str, says: str) -> None:
    town.hire("t1")

    done = run(trainers, "leave", "t1", "--until", until, "--apply")

    assert f"away until {says}." in done.stdout
    assert f"away until {says}" in run(trainers, "list").stdout


@pytest.mark.parametrize(("until", "ahead"), [("36h", timedelta(hours=36)), ("2w", timedelta(days=14))])
def test_a_moment_may_be_told_by_how_far_ahead_it_is(town: Town, until: str, ahead: timedelta) -> None:
    town.hire("t1")

    assert run(trainers, "leave", "t1", "--until", until, "--apply").exit_code == 0

    stored = CapacityRepository().get("t1").on_leave_until
    assert stored is not None
    assert abs(stored - utc_now() - ahead) < timedelta(minutes=1)


@pytest.mark.parametrize("until", ["9999-12-31T23:59-14:00", "999999w"])
def test_a_moment_beyond_the_calendar_is_refused(town: Town, until: str) -> None:
    done = run(trainers, "leave", "t1", "--until", until)

    assert done.exit_code == 2
    assert "is no moment" in done.stderr


@pytest.mark.parametrize("odd", ["\udcff", "a b", "\x1b[31m", "x" * 100_000])
@pytest.mark.parametrize(
    "command",
    [
        ("explain", "--student", "s", "--course"),
        ("show",),
        ("move", "--reason", "admin"),
        ("leave", "--until", "1d"),
    ],
)
def test_what_can_be_no_id_is_one_short_line(town: Town, command: tuple[str, ...], odd: str) -> None:
    done = run(trainers if command[0] == "leave" else allocations, *command, odd)

    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert "is no id: give" in done.stderr
    assert len(done.stderr) < 200
    assert done.stderr.strip().isprintable()


def test_nobody_leaves_for_another_organization(town: Town) -> None:
    town.hire("t1")

    for command in (("leave", "t1", "--until", "1d", "--apply"), ("return", "t1")):
        done = run(trainers, *command, "--org", "other")
        assert done.stderr == "error: no trainer t1 in organization other: see lyceum trainers list\n"

    assert CapacityRepository().get("t1").on_leave_until is None


def test_a_purchase_that_nobody_made_is_named_as_it_was_asked_for(town: Town) -> None:
    done = run(allocations, "show", "--student", "s1", "--course", "c1")

    assert done.stderr == "error: student s1 has bought no course c1 in organization default\n"


def test_the_beginning_of_an_id_names_an_allocation_if_no_other_begins_so(town: Town) -> None:
    town.hire("t1")
    town.buys("s1")
    id_ = town.stored("s1").id
    start = id_[:6]

    assert objects(allocations, "show", start)[0]["id"] == id_
    assert objects(allocations, "explain", start)[0]["allocation_id"] == id_
    assert "stays with" in run(allocations, "move", start, "--reason", "admin").stdout
    assert "could be many" in run(allocations, "show", id_[:3]).stderr
    town.allocations.insert(Allocation(id=f"{start}-twin", student_id="s2", course_id="c2"))
    assert run(allocations, "show", start).stderr == f"error: several allocations begin with {start}: give more of it\n"


def test_who_waits_is_listed_in_the_order_of_the_queue_and_since_when(town: Town) -> None:
    for student in ("s3", "s1", "s2", "s0"):
        town.buys(student)

    listed = run(allocations, "list", "--state", "PENDING").stdout.splitlines()

    assert [line.split()[1] for line in listed[1:-1]] == ["s3", "s1", "s2", "s0"]
    since = town.stored("s3").waiting_since
    assert since is not None
    assert f"{since:%H:%M:%S}Z" in listed[1]


def test_no_line_of_a_table_ends_in_blanks_and_no_head_stands_over_nothing(town: Town) -> None:
    assert run(allocations, "list").stdout == "0 allocations.\n"
    assert run(trainers, "list").stdout == "0 trainers.\n"
    town.buys("s1")
    town.hire("t1", capacity=0)

    explained = run(allocations, "explain", *BY_NAME).stdout
    for shown in (run(allocations, "list").stdout, run(trainers, "list").stdout, explained):
        assert [line for line in shown.splitlines() if line != line.rstrip()] == []


def test_what_people_stored_does_not_steer_the_terminal(town: Town) -> None:
    town.buys("s1", subject="ma\u009b31mth\u202e")

    for shown in (run(allocations, "list"), run(allocations, "explain", *BY_NAME)):
        assert "ma\\x9b31mth\\u202e|en" in shown.stdout


def test_a_skill_without_a_language_is_refused(town: Town) -> None:
    done = run(trainers, "list", "--skill", "math")

    assert done.stderr == "error: --skill 'math': a skill is subject|language, such as 'math|en'\n"
