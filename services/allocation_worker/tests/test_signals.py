"""A signal before the loop runs: nothing is claimed yet, so the program leaves at once, without a word."""

import os
import signal
import subprocess
import sys

import pytest

from allocation_worker.main import main


def left_at(number: signal.Signals, program: str, *arguments: str) -> tuple[int, str]:
    """Run a program that sends itself a signal at some moment; its exit code, and all that it says."""
    inherited = dict(os.environ)  # noqa: TID251 - what a child process is started with
    ended = subprocess.run(
        [sys.executable, "-c", f"NUMBER = {int(number)}\n{program}", *arguments],
        env=inherited | {"MONGODB_URI": "mongodb://127.0.0.1:1", "KAFKA_BOOTSTRAP": "127.0.0.1:1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


AMID_THE_IMPORTS = """
import runpy, signal, sys
class Meddler:
    def find_spec(self, name, path=None, target=None):
        if name == "mongoengine":
            signal.raise_signal(NUMBER)
sys.meta_path.insert(0, Meddler())
runpy.run_module("allocation_worker", run_name="__main__", alter_sys=True)
"""
WHILE_IT_IS_BUILT = """
import signal, sys
from allocation_worker import main as program
program.build = lambda *_, **__: signal.raise_signal(NUMBER)
program.deploying.connect = program.build
sys.exit(program.main())
"""


@pytest.mark.parametrize("program", [AMID_THE_IMPORTS, WHILE_IT_IS_BUILT], ids=["imports", "build"])
@pytest.mark.parametrize(
    ("number", "command", "code"),
    [
        (signal.SIGTERM, "run", 0),
        (signal.SIGINT, "run", 0),
        (signal.SIGINT, "indexes", 130),
        (signal.SIGTERM, "indexes", 143),
    ],
)
def test_a_signal_before_the_loop_runs_ends_the_program_quietly(
    program: str, number: signal.Signals, command: str, code: int
) -> None:
    assert left_at(number, program, command) == (code, "")


def test_an_interrupt_that_the_program_was_started_to_ignore_is_ignored() -> None:
    ignoring = f"import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN){AMID_THE_IMPORTS}"
    code, said = left_at(signal.SIGINT, ignoring, "--help")
    assert code == 0
    assert said.startswith("usage: allocation-worker")


def test_main_gives_signals_back(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.getsignal(signal.SIGTERM)
    monkeypatch.setenv("KAFKA_BOOTSTRAP", "nonsense")
    assert main(["topics"]) == 2
    assert signal.getsignal(signal.SIGTERM) is before
