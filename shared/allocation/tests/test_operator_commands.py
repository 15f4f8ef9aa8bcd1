"""What an operator asks and does: explanations, leftovers, trainers. Readable, scriptable, refused in one line."""

import json
from contextlib import nullcontext
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lyceum_allocation import CapacityRepository, allocation_id
from lyceum_allocation.commands import allocations, trainers
from lyceum_allocation.moves import Moves
from lyceum_allocation.testing import Town
from lyceum_database import Unavailable, utc_now
from lyceum_program.commands.printing import span

MODULES = (
    *("allocation_commands", "explain_command", "move_command", "reconcile_command"),
    *("leave_commands", "trainer_commands"),
)


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
    # A little more: the town's clock and this machine's go at different speeds.
    return Town(now=utc_now() - timedelta(hours=26, seconds=30))


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

    assert done.exit_code == 2
    assert done.stderr == f"error: no allocation {named} in organization {organization}: see lyceum allocations list\n"


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

    shown = run(allocations, "reconcile")
    lines = [json.loads(line) for line in run(allocations, "reconcile", "--json").stdout.splitlines()]

    assert "\n4 seats were left behind. Nothing was changed: --apply settles them.\n" in shown.stdout
    assert "that do not exist are left to a person" in shown.stdout
    assert {(line["allocation_id"], line["epoch"], line["to_do"]) for line in lines} == {
        (allocation_id("default", "waiting", "course-1"), 1, "confirm"),
        (allocation_id("default", "gone", "course-1"), 1, "give back"),
        (allocation_id("default", "held", "course-1"), 0, "give back"),
        (allocation_id("default", "unknown", "course-1"), 1, "look: unknown allocation"),
    }
    assert CapacityRepository().get("t1").load == 5


def test_reconciling_does_what_the_dry_run_showed_and_says_so(town: Town) -> None:
    leave_seats_behind(town)

    done = run(allocations, "reconcile", "--apply")

    assert done.stdout == (
        "1 seat to confirm and 2 to give back found and settled; 0 students who waited got a trainer.\n"
        "1 seat of allocations that do not exist left as they are: see them without --apply.\n"
    )
    assert town.trainers("waiting", "held") == ["t1", "t1"]
    assert CapacityRepository().get("t1").load == 3, "the seat of an allocation that nobody knows stays"
    assert json.loads(run(allocations, "reconcile", "--apply", "--json").stdout) == {
        "confirmed": 0,
        "given_back": 0,
        "seated": 0,
        "unknown": 1,
    }


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


def test_a_student_is_moved_by_hand_and_it_is_kept_who_asked(town: Town) -> None:
    town.hire("t1")
    town.buys("s1")
    town.hire("t2")

    done = run(allocations, "move", "--student", "s1", "--course", "course-1", "--reason", "admin", "--actor", "ada")

    assert (done.exit_code, done.stdout) == (0, "Student s1 moved from trainer t1 to t2.\n"), done.output
    assert town.stored("s1").move_actor == "ada"
    assert "ada" in run(allocations, "explain", "--student", "s1", "--course", "course-1").stdout


def test_a_move_for_which_nobody_is_free_changes_nothing_and_says_so(town: Town) -> None:
    town.hire("t1")
    town.buys("s1")

    done = run(allocations, "move", town.stored("s1").id, "--reason", "overload")
    as_json = run(allocations, "move", town.stored("s1").id, "--reason", "overload", "--json")

    assert done.stdout.startswith("Student s1 stays with trainer t1: nobody else is free.")
    shown = run(allocations, "explain", town.stored("s1").id).stdout
    assert ["besides", "0", "teach", "math"] in columns(shown)
    assert json.loads(as_json.stdout) == {
        "id": town.stored("s1").id,
        "outcome": "stayed",
        "from": "t1",
        "to": "t1",
    }


def test_a_second_move_so_soon_is_refused_in_one_line_and_done_with_an_override(town: Town) -> None:
    for number in range(3):
        town.hire(f"t{number}")
    town.buys("s1")
    arguments = ("move", town.stored("s1").id, "--reason", "complaint")
    assert run(allocations, *arguments).exit_code == 0

    refused, done = run(allocations, *arguments), run(allocations, *arguments, "--override")

    assert refused.exit_code == 2
    assert refused.stderr.startswith("error: allocation ")
    assert refused.stderr.count("\n") == 1
    assert done.exit_code == 0
    assert len(set(town.stored("s1").excluded)) == 2, "never again, after a complaint"


def test_whoever_waits_has_no_trainer_to_be_moved_from(town: Town) -> None:
    town.buys("s1")

    done = run(allocations, "move", town.stored("s1").id, "--reason", "admin")

    assert done.stdout == "Student s1 has no trainer to be moved from: the allocation is PENDING.\n"


@pytest.mark.parametrize("actor", ["", " ", "a\nb", "x" * 500])
def test_an_actor_has_a_name(town: Town, actor: str) -> None:
    done = run(allocations, "move", "any", "--reason", "admin", "--actor", actor)

    assert done.exit_code == 2
    assert done.stderr.startswith("error: --actor: give a name")


def school(town: Town) -> None:
    town.hire("t1", "math|en", "art|en", capacity=5)
    for number in range(2):
        town.buys(f"s{number}")
    town.buys("artist", subject="art")
    town.hire("t2", capacity=1)


def test_a_leave_is_shown_first_with_who_would_be_moved_and_for_whom_nobody_is_free(town: Town) -> None:
    school(town)

    shown = run(trainers, "leave", "t1", "--until", "2999-01-01", COLUMNS="30")
    lines = [json.loads(line) for line in run(trainers, "leave", "t1", "--for-good", "--json").stdout.splitlines()]

    assert shown.stdout.endswith(
        "3 students of trainer t1: 1 would be moved, 2 would stay for now, 0 would wait for another.\n"
        "Nothing was changed: --apply does it.\n"
    )
    outcomes = {line["student_id"]: line["outcome"] for line in lines}
    assert outcomes["artist"] == "waiting"
    assert sorted((outcomes["s0"], outcomes["s1"])) == ["moved", "waiting"]
    assert CapacityRepository().get("t1").on_leave_until is None
    assert town.trainers("s0", "s1", "artist") == ["t1", "t1", "t1"]


def test_a_leave_moves_whom_somebody_can_take_and_says_what_becomes_of_the_others(town: Town) -> None:
    school(town)

    done = run(trainers, "leave", "t1", "--until", "2999-01-01", "--apply", "--actor", "ada")

    assert done.stdout == (
        "Trainer t1 is away until 2999-01-01 00:00:00Z.\n1 student moved, 2 stay for now, 0 wait for another trainer.\n"
    )
    assert sorted(str(one) for one in town.trainers("s0", "s1", "artist")) == ["t1", "t1", "t2"]
    assert "away until 2999" in run(trainers, "list").stdout


def test_a_large_leave_says_how_far_it_is(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    school(town)
    monkeypatch.setattr("lyceum_allocation.commands.leave_commands.SAY_EVERY", 2)

    done = run(trainers, "leave", "t1", "--until", "2999-01-01", "--apply")

    assert done.stderr.count("students seen to") == 1
    assert done.stderr.startswith("2 students seen to, ")
    assert "1 student moved" in done.stdout


def test_a_leave_that_breaks_off_says_what_is_done_and_who_goes_on(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    school(town)
    move, moved = Moves.move, list[str]()

    def breaking(moves: Moves, allocation_id: str, **options: Any) -> Any:
        moved.append(allocation_id)
        if len(moved) == 2:
            raise Unavailable("MongoDB does not answer")
        return move(moves, allocation_id, **options)

    monkeypatch.setattr(Moves, "move", breaking)
    done = run(trainers, "leave", "t1", "--for-good", "--apply")

    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr == (
        "error: MongoDB does not answer: trainer t1 is marked as away and gets nobody new, 1 of his students were seen "
        "to; the sweep of the workers goes on with the others, and so does the same command\n"
    )
    assert not CapacityRepository().get("t1").active


@pytest.mark.parametrize("word", ["[PENDING|", "Only these"])
def test_states_are_named_as_everywhere(town: Town, word: str) -> None:
    assert word in run(allocations, "list", "--help").stdout


def test_who_leaves_for_good_is_gone_and_his_students_wait_until_he_returns_after_all(town: Town) -> None:
    school(town)

    left = run(trainers, "leave", "t1", "--for-good", "--apply", "--json")
    waits = run(allocations, "explain", "--student", "artist", "--course", "course-1")
    back = run(trainers, "return", "t1")

    assert json.loads(left.stdout) == {"moved": 1, "stayed": 0, "waiting": 2}
    assert ["trainer", "t1"] in columns(waits.stdout)
    assert "in the queue for art|en" in waits.stdout
    assert back.stdout == "Trainer t1 is back; 2 students who waited for another trainer stay with him.\n"
    assert CapacityRepository().get("t1").active


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((), "give --until or --for-good, one of the two"),
        (("--until", "2999-01-01", "--for-good"), "give --until or --for-good, one of the two"),
        (("--until", "2020-01-01"), "--until 2020-01-01 00:00:00Z is over: give a moment that is still to come"),
    ],
)
def test_a_leave_that_cannot_be_meant_is_refused_in_one_line(town: Town, arguments: tuple[str, ...], says: str) -> None:
    done = run(trainers, "leave", "t1", *arguments)

    assert (done.exit_code, done.stderr) == (2, f"error: {says}\n")


@pytest.mark.parametrize(
    "command", [("leave", "nobody", "--for-good"), ("leave", "nobody", "--for-good", "--apply"), ("return", "nobody")]
)
def test_a_trainer_who_is_not_there_is_one_line(town: Town, command: tuple[str, ...]) -> None:
    done = run(trainers, *command)

    assert (done.exit_code, done.stderr) == (
        2,
        "error: no trainer nobody in organization default: see lyceum trainers list\n",
    )


def test_a_word_that_is_no_moment_is_refused(town: Town) -> None:
    done = run(trainers, "leave", "t1", "--until", "soon")

    assert done.exit_code == 2
    assert "'soon' is no moment: write 14d, 2w" in done.stderr


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
