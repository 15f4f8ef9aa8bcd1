"""What an operator asks and does: explanations, leftovers, trainers. Readable, scriptable, refused in one line."""

import json
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lyceum_allocation import CapacityRepository, allocation_id
from lyceum_allocation.commands import allocations, trainers
from lyceum_allocation.commands.printing import span
from lyceum_allocation.testing import Town
from lyceum_database import utc_now

MODULES = ("trainer_commands", "allocation_commands", "explain_command", "reconcile_command")


def run(command: Any, *arguments: str, **environment: str | None) -> Result:
    cleared = {"MONGODB_URI": None, "SCARCITY": None}
    return CliRunner().invoke(command, list(arguments), env={**cleared, **environment})


def columns(printed: str) -> list[list[str]]:
    return [line.split() for line in printed.splitlines()]


@pytest.fixture
def town(database: None, monkeypatch: pytest.MonkeyPatch) -> Town:
    """The commands use the embedded database that is connected already, and the clock of the machine."""
    for module in MODULES:
        monkeypatch.setattr(f"lyceum_allocation.commands.{module}.database", nullcontext)
    return Town(now=utc_now() - timedelta(hours=26))


def test_why_an_assigned_student_has_his_trainer_is_one_line(town: Town) -> None:
    town.hire("t1", capacity=2)
    town.buys("s1")

    shown = run(allocations, "explain", "--student", "s1", "--course", "course-1", COLUMNS="40")

    assert shown.exit_code == 0, shown.output
    assert "1 teach math -> 1 in en -> 1 with a free seat -> chosen: util 0" in shown.stdout
    assert ["trainer", "t1"] in columns(shown.stdout)
    assert "granted" in shown.stdout
    assert "assigned" in shown.stdout


def test_why_a_student_waits_since_when_at_which_place_and_until_when(town: Town) -> None:
    town.hire("t1", "math|hi", capacity=0)
    town.buys("first", second_language="hi")
    town.buys("s1", wants=[1, 2])
    town.after(timedelta(hours=26))

    shown = run(allocations, "explain", "--student", "s1", "--course", "course-1")

    assert "1 teach math -> 0 in en" in shown.stdout
    assert ", 1 d 2 h" in shown.stdout
    assert ["gave", "up", "hours"] in columns(shown.stdout)
    assert (
        "2 in the queue for math|en: nobody can tell when "
        "(0 seats for math|en came free in 28 days: too few to tell)" in shown.stdout
    )
    assert "a person was asked to act" in shown.stdout


def test_an_explanation_can_be_read_by_programs(town: Town) -> None:
    town.buys("s1")
    town.service.sweep()

    shown = run(allocations, "explain", allocation_id("default", "s1", "course-1"), "--json")

    (line,) = shown.stdout.splitlines()
    found = json.loads(line)
    assert (found["why"], found["shortage"]["stage"]) == ("0 teach math", "subject")
    assert (found["places"][0]["position"], found["places"][0]["estimate"]["at"]) == (1, None)
    assert found["waited"] == pytest.approx(26 * 3600, abs=60)


@pytest.mark.parametrize("organization", ["default", "other"])
def test_what_is_not_there_is_one_line(town: Town, organization: str) -> None:
    town.buys("s1")
    named = "nobody" if organization == "default" else allocation_id("default", "s1", "course-1")

    done = run(allocations, "explain", named, "--org", organization)

    assert (done.exit_code, done.stderr) == (2, f"error: no Allocation {named}\n")


def leave_seats_behind(town: Town) -> None:
    """Two that are dead, one to confirm, one as it should be, and one of an allocation that nobody knows."""
    town.buys("waiting")
    town.buys("gone")
    town.returns("gone")
    town.hire("t1", "art|en", capacity=5)
    town.buys("held", subject="art")
    for owner in ("waiting", "gone", "held", "unknown"):
        candidate = CapacityRepository().find_candidate("t1")
        assert candidate is not None
        epoch = 0 if owner == "held" else 1
        assert CapacityRepository().claim(candidate, f"{allocation_id('default', owner, 'course-1')}:{epoch}")


def test_a_dry_run_shows_the_seats_that_were_left_behind_and_changes_nothing(town: Town) -> None:
    leave_seats_behind(town)

    shown = run(allocations, "reconcile", "--dry-run")
    lines = [json.loads(line) for line in run(allocations, "reconcile", "--dry-run", "--json").stdout.splitlines()]

    assert shown.stdout.endswith("3 seats were left behind. Nothing was changed.\n")
    assert {(line["allocation_id"], line["epoch"], line["to_do"]) for line in lines} == {
        (allocation_id("default", "waiting", "course-1"), 1, "confirm"),
        (allocation_id("default", "gone", "course-1"), 1, "give back"),
        (allocation_id("default", "held", "course-1"), 0, "give back"),
    }
    assert CapacityRepository().get("t1").load == 5


def test_reconciling_does_what_the_dry_run_showed_and_says_so(town: Town) -> None:
    leave_seats_behind(town)

    done = run(allocations, "reconcile")

    assert done.stdout == (
        "1 seats to confirm and 2 to give back were found and settled; 0 students who waited got a trainer.\n"
    )
    assert town.trainers("waiting", "held") == ["t1", "t1"]
    assert CapacityRepository().get("t1").load == 3, "the seat of an allocation that nobody knows stays"
    assert json.loads(run(allocations, "reconcile", "--json").stdout) == {"confirmed": 0, "given_back": 0, "seated": 0}


def test_trainers_are_listed_with_their_load_and_who_is_away(town: Town) -> None:
    town.hire("t1", "math|en", "art|en", capacity=4)
    town.buys("s1")
    town.hire("away", on_leave_until=utc_now() + timedelta(days=1), capacity=2)
    town.hire("gone", active=False)
    town.hire("full", capacity=0)
    town.hire("artist", "art|en")

    shown = run(trainers, "list", "--skill", "Math|en", COLUMNS="30")

    rows = {line[0]: " ".join(line[1:]) for line in columns(shown.stdout)}
    assert rows["t1"].startswith("1 4 25 % free seats 20")
    assert rows["away"].startswith("0 2 0 % away until 20")
    assert rows["gone"].startswith("0 1 0 % gone math|en")
    assert rows["full"].startswith("0 0 100 % full")
    assert "artist" not in rows
    assert shown.stdout.endswith("4 trainers.\n")


def test_trainers_can_be_read_by_programs_and_are_cut_at_the_limit_with_a_word(town: Town) -> None:
    for number in range(3):
        town.hire(f"t{number}")

    assert run(trainers, "list", "--limit", "2").stdout.endswith("2 trainers, more than 2 may match: raise --limit.\n")
    found = [json.loads(line) for line in run(trainers, "list", "--json").stdout.splitlines()]
    assert [(one["id"], one["free"], one["active"]) for one in found] == [(f"t{n}", 1, True) for n in range(3)]


@pytest.mark.parametrize(
    ("duration", "words"),
    [
        (timedelta(0), "0 s"),
        (timedelta(seconds=59), "59 s"),
        (timedelta(hours=26, minutes=12), "1 d 2 h"),
        (timedelta(hours=2), "2 h 0 min"),
        (timedelta(seconds=-5), "0 s"),
    ],
)
def test_a_span_is_written_in_its_two_largest_units(duration: timedelta, words: str) -> None:
    assert span(duration) == words
