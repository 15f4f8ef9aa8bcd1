"""The whole demo over HTTP: a few people on embedded servers, a wrong result that is noticed, a stack that runs."""

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from lyceum_devstack.cli import main
from lyceum_devstack.demo.witness import database
from lyceum_devstack.story import command, own
from lyceum_devstack.story.stores import Stores

from .running import Up, environment, up

TRAINERS = """trainer_id,email,name,subjects,languages,capacity,timezone
amara,amara@example.com,Amara Okafor,math;physics,en,9,Africa/Lagos
camille,camille@example.com,Camille Laurent,chemistry,fr,4,Europe/Paris
"""
ALL_HABITS = "13"
"""Students who together show everything that the demo has."""
PATIENCE_S = 170.0


@pytest.fixture(scope="module")
def trainers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("story") / "trainers.csv"
    path.write_text(TRAINERS, encoding="utf-8")
    return path


@pytest.fixture(autouse=True)
def _embedded_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MONGODB_URI", "KAFKA_BOOTSTRAP"):
        monkeypatch.delenv(name, raising=False)


def lyceum(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lyceum_devstack", *arguments],
        env=environment(folder, COLUMNS="110", PYTHONIOENCODING="utf-8"),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE_S,
        check=False,
    )


@pytest.mark.timeout(PATIENCE_S)
def test_a_day_on_embedded_servers_holds_every_promise(trainers: Path, tmp_path: Path) -> None:
    ended = lyceum("demo", "--students", ALL_HABITS, "--trainers", str(trainers), folder=tmp_path)

    said = " ".join(ended.stdout.split())
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
    assert "2 trainers have accepted, 4 courses are on sale. 13 students come, all at once:" in said
    assert "students 13, of whom 12 paid and 2 left again" in said
    assert "trainers 2, for 10 students; 1 wait" in said
    assert "3 forged, altered or stale" in said
    assert "10 records were broken on purpose" in said
    assert "latin in en 1 want a seat, 0 have one" in said
    assert "All 25 promises hold." in said
    assert "\x1b" not in ended.stdout
    assert list(tmp_path.iterdir()) == []


def spoil() -> None:
    """Do to the stored documents what no program does, for as many promises as can be broken at once."""
    stored = database()
    silenced = stored["conversations"].find_one({"status": "open"})
    stored["conversations"].update_one({"_id": silenced["_id"]}, {"$set": {"status": "read_only"}})
    # Of somebody else: who attends no longer is owed no conversation.
    others = {"status": "active", "student_id": {"$ne": silenced["student_id"]}}
    assert stored["enrolments"].update_one(others, {"$set": {"status": "ended"}}).matched_count == 1
    stored["trainer_capacity"].update_one({"_id": "amara"}, {"$inc": {"capacity": 5}})
    message = stored["chat_messages"].find_one({"kind": "text"})
    stored["chat_messages"].delete_one({"_id": message["_id"]})


@pytest.mark.timeout(PATIENCE_S)
def test_a_wrong_result_is_named_and_exits_non_zero(
    trainers: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real, spoiled = Stores.judge, iter([spoil])

    async def judge(self: Stores, school: Any) -> Any:
        for act in spoiled:
            act()
        return await real(self, school)

    monkeypatch.setattr(Stores, "judge", judge)
    monkeypatch.setattr(command, "play_here", partial(own.play_here, settle_within_s=6.0))

    assert main(["demo", "--students", "4", "--trainers", str(trainers)]) == 1

    out = " ".join(capsys.readouterr().out.split())
    for promise in (
        "Whoever paid attends, by exactly those purchases",
        "Each student with a trainer has one conversation, with that trainer",
        "Messages are numbered without a gap",
        "Every message is there once, as it was written, in order",
        "No trainer is over capacity, and every count is right",
    ):
        assert f"✗ {promise}" in out
    assert "promises are broken" in out


@pytest.fixture(scope="module")
def stack(trainers: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    with up(tmp_path_factory.mktemp("up"), "--trainers", str(trainers)) as running:
        yield running
        assert running.stop() == 0


def against(stack: Up) -> list[str]:
    """The command that the stack itself tells people."""
    return stack.found(r"lyceum (demo --against .*)")[0].split()


@pytest.mark.timeout(2 * PATIENCE_S)
def test_a_stack_that_runs_can_have_the_same_day_twice(stack: Up, tmp_path: Path) -> None:
    for _ in range(2):
        ended = lyceum(*against(stack), "--students", ALL_HABITS, *trainers_of(stack), folder=tmp_path)

        said = " ".join(ended.stdout.split())
        assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
        assert "trainers 2, for 10 students; 1 wait" in said
        assert "All 11 promises hold." in said
        assert "purchases given back and 4 courses withdrawn" in said


def trainers_of(stack: Up) -> list[str]:
    command_line = stack.program.args
    assert isinstance(command_line, list)
    place = command_line.index("--trainers")
    return [str(part) for part in command_line[place : place + 2]]


def test_a_wrong_password_is_one_line(stack: Up, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.json"
    wrong.write_text('{"admin_password": "another one", "payment_secret": "another secret"}', encoding="utf-8")
    words = against(stack)
    words[words.index("--credentials") + 1] = str(wrong)

    ended = lyceum(*words, *trainers_of(stack), folder=tmp_path)

    assert ended.returncode == 2
    assert re.match(r"error: the administrator admin@lyceum\.test cannot sign in: .* 401 ", ended.stderr), ended.stderr
    assert ended.stderr.count("\n") == 1


def test_services_that_are_mixed_up_are_told_apart(stack: Up, tmp_path: Path) -> None:
    words = against(stack)
    words[words.index("--chat") + 1] = words[words.index("--courses") + 1]

    ended = lyceum(*words, *trainers_of(stack), folder=tmp_path)

    assert ended.returncode == 2
    assert re.match(r"error: what answers at \S+ is not the chat-service .* --chat$", ended.stderr.strip())


def test_trainers_that_the_stack_does_not_know_are_asked_for(stack: Up, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text(TRAINERS.replace("amara", "zoe"), encoding="utf-8")

    ended = lyceum(*against(stack), "--trainers", str(other), folder=tmp_path)

    assert ended.returncode == 2
    assert "the stack knows no trainer zoe <zoe@example.com>: run `lyceum trainers import`" in ended.stderr


def test_a_stack_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    credentials = tmp_path / "c.json"
    credentials.write_text('{"admin_password": "x", "payment_secret": "y"}', encoding="utf-8")

    ended = lyceum("demo", "--against", "http://127.0.0.1:9", "--credentials", str(credentials), folder=tmp_path)

    assert ended.returncode == 2
    assert ended.stderr.startswith("error: no auth-service at http://127.0.0.1:9 (")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--against", "http://127.0.0.1:9", "--events"], "--against speaks HTTP"),
        (["--chat", "http://127.0.0.1:9"], "belong to --against URL"),
        (["--against", "nonsense"], "is no address of a service"),
    ],
)
def test_what_does_not_go_together_is_refused(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["demo", *arguments]) == 2
    assert said in capsys.readouterr().err
