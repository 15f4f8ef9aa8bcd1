"""What is held against a worker that is told to stop."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from . import crew as module
from .crew import Crew, Member
from .orders import Orders, World
from .schedule import Amid

HEEDS = "trap 'exit {code}' TERM; echo ready; while :; do sleep 0.01; done"
DEAF = "trap '' TERM; echo ready; while :; do sleep 0.01; done"


@pytest.fixture
def crew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Crew]:
    """Of one worker, a shell; nobody takes its place."""
    monkeypatch.setattr(Crew, "_start", lambda _crew, _world: None)
    orders = Orders(World.LEDGER, "nowhere:1", "mongodb://nowhere", "test", tmp_path / "log", tmp_path / "calm")
    made = Crew(orders, tmp_path, {}, Random(1))
    yield made
    made.kill_all()


def told_to_stop(crew: Crew, program: str) -> "subprocess.Popen[bytes]":
    worker = subprocess.Popen(["/bin/sh", "-c", program], stdout=subprocess.PIPE)
    assert worker.stdout is not None
    assert worker.stdout.readline() == b"ready\n"
    worker.stdout.close()
    crew.members.append(Member("ledger-1", World.LEDGER, worker, None))
    assert crew.restart(0.0, {"ledger-1"}, Amid.WORK) == "ledger-1"
    return worker


def test_one_that_ends_well_is_no_harm(crew: Crew) -> None:
    told_to_stop(crew, HEEDS.format(code=0)).wait()
    crew.look_after()

    assert crew.unclean == []
    assert [(one.process, one.amid) for one in crew.restarts] == [("ledger-1", Amid.WORK)]


def test_one_that_ends_with_another_code_is_charged(crew: Crew) -> None:
    told_to_stop(crew, HEEDS.format(code=3)).wait()
    crew.look_after()

    assert crew.unclean == ["ledger-1 ended with 3 after it was told to stop amid work"]
    assert crew.restarts == []


def test_one_that_does_not_end_is_charged_and_killed(crew: Crew, monkeypatch: pytest.MonkeyPatch) -> None:
    worker = told_to_stop(crew, DEAF)
    crew.look_after()
    assert crew.unclean == []

    monkeypatch.setattr(module, "STOP_S", 0.0)
    crew.look_after()
    assert crew.unclean == ["ledger-1 did not stop within 0 s, amid work"]
    assert worker.returncode is not None
    assert crew.restarts == []


def test_one_that_was_told_to_stop_is_left_to_it(crew: Crew) -> None:
    told_to_stop(crew, DEAF)

    assert crew.kill(0.0, {"ledger-1"}) == ""
    assert crew.suspend(0.0, {"ledger-1"}) is None
    assert crew.restart(0.0, {"ledger-1"}, Amid.REBALANCE) == ""
