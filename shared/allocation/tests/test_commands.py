"""The operator commands: readable, scriptable, and one clear line with exit code 2 when they cannot."""

import json
import socket
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from lyceum_allocation import AllocationRepository, AllocationService, CapacityRepository, TrainerCapacity
from lyceum_allocation.commands import allocations, purchases, trainers
from lyceum_allocation.testing import purchase, trainer
from lyceum_program.commands import servers

GOOD = "trainer_id,email,name,subjects,languages,capacity,timezone\nt1,a@example.org,Ada,math,en,3,UTC\n"
REFUND = {
    "type": "PURCHASE_REFUNDED",
    "data": {
        "purchase_id": "p",
        "student_id": "s",
        "course_id": "c",
        "full": True,
        "reason": "",
        "refunded_at": "2026-01-31T09:30:00Z",
    },
}


def run(command: Any, *arguments: str, **environment: str | None) -> Result:
    cleared = {"MONGODB_URI": None, "KAFKA_BOOTSTRAP": None, "KAFKA_TOPIC_PREFIX": None}
    return CliRunner().invoke(command, list(arguments), env={**cleared, **environment})


@pytest.fixture
def embedded(database: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The commands use the embedded database that is connected already."""
    for module in ("trainer_commands", "allocation_commands", "explain_command", "reconcile_command"):
        monkeypatch.setattr(f"lyceum_allocation.commands.{module}.database", nullcontext)


@pytest.fixture
def closed_port() -> int:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        return int(held.getsockname()[1])


@pytest.fixture
def one_of_each(embedded: None) -> None:
    CapacityRepository().insert(trainer("t1", capacity=1))
    service = AllocationService(allocations=AllocationRepository(), capacities=CapacityRepository())
    for student in ("s1", "s2"):
        service.allocate(purchase(f"p-{student}", student=student))


@pytest.mark.usefixtures("embedded")
def test_trainers_are_imported_and_counted(tmp_path: Path) -> None:
    (tmp_path / "trainers.csv").write_text(GOOD)

    done = run(trainers, "import", str(tmp_path / "trainers.csv"))

    assert (done.exit_code, done.stdout) == (0, "Imported 1 trainer: 1 added, 0 changed, 0 unchanged.\n")
    assert CapacityRepository().get("t1").capacity == 3


@pytest.mark.usefixtures("embedded")
def test_a_wrong_file_of_trainers_changes_nothing(tmp_path: Path) -> None:
    (tmp_path / "trainers.csv").write_text(f"{GOOD}t2,b@example.org,Bo,math,en,-1,UTC\n")

    done = run(trainers, "import", str(tmp_path / "trainers.csv"))

    assert done.exit_code == 2
    assert done.stderr == f"error: {tmp_path}/trainers.csv:3: capacity -1 is negative: give 0 to 1000\n"
    assert TrainerCapacity.objects.count() == 0


def test_a_file_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    done = run(trainers, "import", str(tmp_path / "none.csv"))

    assert (done.exit_code, done.stderr) == (2, f"error: {tmp_path}/none.csv: No such file or directory\n")


@pytest.mark.usefixtures("one_of_each")
def test_allocations_are_listed_as_a_table_and_as_json() -> None:
    table, lines = run(allocations, "list"), run(allocations, "list", "--json", "--state", "pending")

    assert table.exit_code == lines.exit_code == 0
    assert "2 allocations." in table.stdout
    assert "ASSIGNED" in table.stdout
    (waiting,) = (json.loads(line) for line in lines.stdout.splitlines())
    assert (waiting["student_id"], waiting["state"]) == ("s2", "PENDING")
    assert "outbox" not in waiting


@pytest.mark.usefixtures("one_of_each")
@pytest.mark.parametrize("columns", ["20", "80", "300"])
def test_an_id_of_the_list_can_be_given_to_show_however_narrow_it_is_printed(columns: str) -> None:
    listed = run(allocations, "list", COLUMNS=columns).stdout.splitlines()

    assert len(listed) == 4, "one line each: header, two allocations, their count"
    for line in listed[1:3]:
        id_, student, course, skill, state = line.split()[:5]
        assert run(allocations, "show", id_, COLUMNS=columns).exit_code == 0
        assert (course, skill) == ("course-1", "math|en")
        assert (student, state) in {("s1", "ASSIGNED"), ("s2", "PENDING")}


@pytest.mark.usefixtures("one_of_each")
def test_one_allocation_is_shown_with_its_history() -> None:
    shown = run(allocations, "show", "--student", "s1", "--course", "course-1")
    as_json = run(allocations, "show", "--student", "s1", "--course", "course-1", "--json")

    assert shown.exit_code == 0
    assert "t1" in shown.stdout
    assert "granted" in shown.stdout
    assert "util_milli 0" in shown.stdout
    assert json.loads(as_json.stdout)["trainer_id"] == "t1"


@pytest.mark.usefixtures("one_of_each")
def test_what_people_stored_is_shown_as_it_is_and_is_no_markup() -> None:
    AllocationService(allocations=AllocationRepository(), capacities=CapacityRepository()).allocate(
        purchase("p-odd", student="odd", subject="[/] [red]:cat:")
    )

    listed, shown = run(allocations, "list"), run(allocations, "show", "--student", "odd", "--course", "course-1")

    assert (listed.exit_code, shown.exit_code) == (0, 0), listed.output
    assert "[/]" in "".join(listed.stdout.split())
    assert "[/] [red]:cat:" in shown.stdout


@pytest.mark.usefixtures("embedded")
def test_an_allocation_that_is_not_there_is_one_line() -> None:
    done = run(allocations, "show", "nobody")

    assert (done.exit_code, done.stderr) == (
        2,
        "error: no allocation nobody in organization default: see lyceum allocations list\n",
    )


@pytest.mark.parametrize("arguments", [(), ("id", "--student", "s"), ("--student", "s"), ("--course", "c")])
def test_show_asks_for_one_way_to_name_an_allocation(arguments: tuple[str, ...]) -> None:
    done = run(allocations, "show", *arguments)

    assert (done.exit_code, done.stderr) == (2, "error: give the allocation's id, or --student and --course\n")


@pytest.mark.parametrize(
    ("uri", "says"),
    [(None, "MONGODB_URI is not set"), ("http://x", "MONGODB_URI must start with mongodb://")],
)
def test_a_wrong_address_of_the_database_is_one_line(uri: str | None, says: str) -> None:
    done = run(allocations, "list", MONGODB_URI=uri)

    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {says}")
    assert done.stderr.count("\n") == 1


def test_a_database_that_does_not_answer_is_given_up_in_the_time_set_for_it(
    closed_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert servers.GIVE_UP_AFTER.total_seconds() == 10
    monkeypatch.setattr(servers, "_GIVE_UP_MS", 300)

    done = run(allocations, "list", MONGODB_URI=f"mongodb://127.0.0.1:{closed_port}")

    assert done.exit_code == 2
    assert done.stderr.startswith("error: MongoDB does not answer: 127.0.0.1")
    assert done.stderr.count("\n") == 1


def test_a_wrong_file_of_purchases_is_refused_before_kafka_is_asked(tmp_path: Path, closed_port: int) -> None:
    (tmp_path / "p.jsonl").write_text(f"{json.dumps(REFUND)}\n{{\n")

    done = run(purchases, "publish", str(tmp_path / "p.jsonl"), KAFKA_BOOTSTRAP=f"127.0.0.1:{closed_port}")

    assert done.exit_code == 2
    assert done.stderr.startswith(f"error: {tmp_path}/p.jsonl:2: is no JSON")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("bootstrap", "says"),
    [(None, "KAFKA_BOOTSTRAP"), ("localhost", "KAFKA_BOOTSTRAP holds 'localhost': give host:port")],
)
def test_a_wrong_address_of_kafka_is_refused(tmp_path: Path, bootstrap: str | None, says: str) -> None:
    (tmp_path / "p.jsonl").write_text(json.dumps(REFUND))

    done = run(purchases, "publish", str(tmp_path / "p.jsonl"), KAFKA_BOOTSTRAP=bootstrap)

    assert done.exit_code == 2
    assert says in done.stderr


def test_a_kafka_that_does_not_answer_is_given_up(tmp_path: Path, closed_port: int) -> None:
    (tmp_path / "p.jsonl").write_text(json.dumps(REFUND))

    done = run(purchases, "publish", str(tmp_path / "p.jsonl"), KAFKA_BOOTSTRAP=f"127.0.0.1:{closed_port}")

    assert done.exit_code == 2
    assert done.stderr == (
        f"error: Kafka at 127.0.0.1:{closed_port} does not answer: is KAFKA_BOOTSTRAP right, and does Kafka run?\n"
    )


@pytest.mark.parametrize(
    "command",
    [(purchases, "publish"), *((allocations, name) for name in allocations.commands)]
    + [(trainers, name) for name in trainers.commands],
)
def test_help_holds_an_example(command: tuple[Any, str]) -> None:
    group, name = command

    shown = run(group, name, "--help")

    assert shown.exit_code == 0
    assert f"lyceum {group.name} {name}" in shown.stdout
