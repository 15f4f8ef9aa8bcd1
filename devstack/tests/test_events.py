"""The demo at the level of Kafka: what it shows, what it refuses, and that it notices a wrong result."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from allocation_worker import storage
from allocation_worker.program import AllocationWorker
from lyceum_devstack.cli import main
from lyceum_devstack.demo import events, run
from lyceum_devstack.demo.witness import Witness, database

TRAINERS = """trainer_id,email,name,subjects,languages,capacity,timezone
amara,amara@example.com,Amara Okafor,math;physics,en,2,Africa/Lagos
camille,camille@example.com,Camille Laurent,chemistry,fr,1,Europe/Paris
"""
SERVERS = ("MONGODB_URI", "KAFKA_BOOTSTRAP")


def bought(number: int, subject: str = "math", language: str = "en", **changed: Any) -> dict[str, Any]:
    data = {
        "purchase_id": f"p{number}",
        "student_id": f"s{number}",
        "course_id": "c1",
        "subject": subject,
        "language": language,
        "amount_minor": 100,
        "currency": "EUR",
        "paid_at": "2026-03-02T08:00:00Z",
    }
    return {"type": "PURCHASE_CREATED", "id": f"e{number}", "data": data | changed}


class Files:
    """A small school of one's own."""

    def __init__(self, folder: Path) -> None:
        self.trainers = folder / "trainers.csv"
        self.purchases = folder / "purchases.jsonl"
        self.faults = folder / "faults.jsonl"
        self.trainers.write_text(TRAINERS, encoding="utf-8")
        self.write(bought(1), bought(2), bought(3, "Chemistry", "FR"), bought(4, "chemistry", "fr"))

    def write(self, *lines: dict[str, Any]) -> None:
        self.purchases.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")

    @property
    def arguments(self) -> list[str]:
        return ["demo", "--trainers", str(self.trainers), "--purchases", str(self.purchases)]


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


@pytest.fixture(autouse=True)
def _embedded_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in SERVERS:
        monkeypatch.delenv(name, raising=False)


def lyceum(
    *arguments: str, new_session: bool = False, program: Sequence[str] = ("-m", "lyceum_devstack"), **environment: str
) -> subprocess.Popen[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in SERVERS}  # noqa: TID251 - handed on
    return subprocess.Popen(
        [sys.executable, *program, *arguments],
        env=inherited | {"COLUMNS": "100"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        start_new_session=new_session,
    )


@pytest.fixture(scope="module")
def finished() -> tuple[int, str, str]:
    """The sample day, played once: exit code, output, errors."""
    process = lyceum("demo", "--events", PYTHONIOENCODING="utf-8")
    out, err = process.communicate(timeout=100)
    return process.returncode, out, err


class TestTheSampleDay:
    def test_every_promise_holds(self, finished: tuple[int, str, str]) -> None:
        code, out, err = finished
        assert (code, err) == (0, ""), out
        assert "All 11 promises hold." in out
        assert "✗" not in out

    @pytest.mark.parametrize(
        "said",
        [
            "nothing is kept after exit",
            "Imported 25 trainers",
            "published 304 records, 12 of them repeats of an event",
            "refunded 17 enrolments",
            "retried 15 events (10 failed 1 x, 5 failed 4 x, then succeeded)",
            "dead-lettered 13 records",
            "chemistry in fr 12 want a seat, 7 have one",
            "latin in en 2 want a seat, 0 have one",
            "camille-laurent 4/4 ████",
            "exhausted 3",
            "unknown_type 1",
            "TRAINER_ALLOCATED",
            "conflicts 0",
        ],
    )
    def test_the_summary_tells_the_day(self, finished: tuple[int, str, str], said: str) -> None:
        assert said in " ".join(finished[1].split())

    def test_it_is_plain_text_without_a_terminal(self, finished: tuple[int, str, str]) -> None:
        assert "\x1b" not in finished[1]


def test_own_files_are_played_without_faults(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(files.arguments) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "published 4 records" in out
    assert "allocated 3 students" in out
    assert "waitlisted 1 student" in out
    assert "dead-lettered 0 records" in out


def test_own_faults_are_injected(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    faults = [{"fail": "e1", "times": 2}, {"fail": "e2", "times": "always"}]
    files.faults.write_text("\n".join(map(json.dumps, faults)), encoding="utf-8")
    assert main([*files.arguments, "--faults", str(files.faults)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "retried 1 event (1 failed 2 x, then succeeded)" in out
    assert "dead-lettered 1 record" in out
    assert "allocated 2 students" in out


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The judge waits a second, not twenty, for what will not come."""
    monkeypatch.setattr(events, "play", partial(run.play, settle_within_s=1.0))


Sabotage = Callable[[], None]


def give_a_seat_away() -> None:
    database()["trainer_capacity"].update_one({"_id": "amara"}, {"$set": {"capacity": 7, "free": 5}})


def forget_a_student() -> None:
    database()["allocations"].delete_one({"student_id": "s4"})


def free_a_seat_silently() -> None:
    update = {"$set": {"seats": [], "load": 0, "free": 1, "util_milli": 0}}
    database()["trainer_capacity"].update_one({"_id": "camille"}, update)


def undo_an_event() -> None:
    database()[storage.INBOX].update_one({"_id": "allocation-worker:e1"}, {"$set": {"state": "pending"}})


@pytest.mark.parametrize(
    ("sabotage", "named"),
    [
        (give_a_seat_away, "trainer amara has capacity 7 and was imported with 2"),
        (forget_a_student, "s4 in c1 paid and has no allocation"),
        (free_a_seat_silently, "names trainer camille, who keeps no seat for it"),
        (undo_an_event, "event e1 is not recorded as done"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
@pytest.mark.usefixtures("impatient")
def test_a_wrong_result_is_named_and_exits_non_zero(
    files: Files,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    sabotage: Sabotage,
    named: str,
) -> None:
    real = Witness.observe

    def after_the_sabotage(self: Witness, **counted: Any) -> Any:
        sabotage()
        return real(self, **counted)

    monkeypatch.setattr(Witness, "observe", after_the_sabotage)
    assert main(files.arguments) == 1
    out = " ".join(capsys.readouterr().out.split())
    assert named in out
    assert "promises are broken" in out


@pytest.mark.usefixtures("impatient")
def test_a_worker_that_ends_by_itself_ends_the_demo(
    files: Files, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def ends(_: AllocationWorker) -> None:
        return

    monkeypatch.setattr(AllocationWorker, "run", ends)
    assert main(files.arguments) == 2
    assert capsys.readouterr().err == "error: the worker ended by itself\n"


BAD_FILES = {
    "trainer without a number": ("trainers", TRAINERS.replace(",2,", ",two,"), ":2: "),
    "trainer with a negative capacity": ("trainers", TRAINERS.replace(",2,", ",-2,"), ":2: "),
    "trainer without subjects": ("trainers", TRAINERS.replace("chemistry", ""), ":3: "),
    "missing column": ("trainers", TRAINERS.replace("languages", "tongues"), ":1: "),
    "cut-off purchase": ("purchases", json.dumps(bought(1)) + '\n{"type": "PURCH', ":2: "),
    "negative amount": ("purchases", json.dumps(bought(1, amount_minor=-1)), ":1: "),
    "unknown type": ("purchases", json.dumps(bought(1) | {"type": "PURCHASE_TELEPORTED"}), ":1: "),
    "no object": ("purchases", "[]", ":1: "),
}


@pytest.mark.parametrize("what", BAD_FILES)
def test_a_bad_line_stops_everything_before_it_starts(
    files: Files, capsys: pytest.CaptureFixture[str], what: str
) -> None:
    name, content, place = BAD_FILES[what]
    path: Path = getattr(files, name)
    path.write_text(content, encoding="utf-8")
    assert main(files.arguments) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(f"error: {path}{place}"), captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_a_fault_for_an_unknown_event_is_refused(files: Files, capsys: pytest.CaptureFixture[str]) -> None:
    files.faults.write_text('{"fail": "e1", "times": 1}\n{"fail": "e99", "times": 1}\n', encoding="utf-8")
    assert main([*files.arguments, "--faults", str(files.faults)]) == 2
    assert capsys.readouterr().err == f"error: {files.faults}:2: no purchase line has the event id e99\n"


@pytest.fixture
def interrupted() -> Iterator[subprocess.Popen[str]]:
    process = lyceum("demo", "--events", new_session=True)
    yield process
    process.kill()
    process.wait()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_an_interrupt_ends_it_cleanly(interrupted: subprocess.Popen[str]) -> None:
    assert interrupted.stdout
    for line in interrupted.stdout:
        if line.startswith("Imported"):
            break
    os.killpg(interrupted.pid, signal.SIGINT)  # as a terminal does: its children are told too
    _, err = interrupted.communicate(timeout=40)
    assert interrupted.returncode == 130, err
    assert err.strip() == "interrupted"


IGNORING = """
import signal, sys
signal.signal(signal.SIGINT, signal.SIG_IGN)
signal.signal(signal.SIGHUP, signal.SIG_IGN)
from lyceum_devstack.cli import main
sys.exit(main())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
def test_started_in_the_background_it_plays_on_past_interrupts(files: Files) -> None:
    process = lyceum(*files.arguments, new_session=True, program=("-c", IGNORING))
    assert process.stdout
    assert any(line.startswith("Imported") for line in process.stdout)
    for number in (signal.SIGINT, signal.SIGHUP):
        os.killpg(process.pid, number)
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert "All 11 promises hold." in out


def test_an_ascii_code_page_carries_all_of_it(files: Files) -> None:
    files.trainers.write_text(TRAINERS.replace("math", "mathé"), encoding="utf-8")
    files.write(bought(1, "mathé"), bought(2, "mathé"), bought(3, "mathé"))
    process = lyceum(*files.arguments, LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, ""), out
    assert out.isascii()
    assert "math? in en  3 want a seat, 2 have one" in out
    assert "ok  Nobody waits" in out


def test_a_reader_that_has_seen_enough_ends_it_in_silence(files: Files) -> None:
    with lyceum(*files.arguments) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(60) == 141
