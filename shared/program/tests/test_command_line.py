"""A command ends with one line and one code, lets go of what it holds, and heeds signals to its last moment."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable

import pytest

from keylane import ConfigurationError
from lyceum_program.command_line import command_parser, exit_code
from lyceum_program.errors import StartRefused

PARSER = command_parser("lyceum-program", description="Bakes.", epilog="Example: bake", commands={"run": "bake bread"})

WHILE_IT_WORKS = """
import signal, sys
from lyceum_program.command_line import exit_code

sys.exit(exit_code("oven", sys.argv[1], lambda: signal.raise_signal(signal.SIGTERM), end=lambda: None))
"""
AT_THE_END = """
import asyncio, signal, sys
from lyceum_program.command_line import exit_code
from lyceum_program.signals import stop_on_signals

async def worked():
    stop_on_signals(lambda: None)

sys.exit(exit_code("oven", sys.argv[1], lambda: asyncio.run(worked()), end=lambda: signal.raise_signal(signal.SIGTERM)))
"""


def raising(error: Exception) -> Callable[[], None]:
    def work() -> None:
        raise error

    return work


@pytest.mark.parametrize("error", [StartRefused("no flour: buy some"), ConfigurationError("no flour: buy some")])
def test_what_waiting_cannot_heal_is_one_line_and_code_2(error: Exception, capsys: pytest.CaptureFixture[str]) -> None:
    ended: list[str] = []

    assert exit_code("oven", "run", raising(error), end=lambda: ended.append("cold")) == 2

    assert capsys.readouterr().err == "oven: no flour: buy some\n"
    assert ended == ["cold"]


def test_what_was_done_is_code_0_and_lets_go_too() -> None:
    ended: list[str] = []

    assert exit_code("oven", "run", lambda: None, end=lambda: ended.append("cold")) == 0

    assert ended == ["cold"]


def test_a_defect_is_shown_as_what_it_is() -> None:
    ended: list[str] = []

    with pytest.raises(ZeroDivisionError):
        exit_code("oven", "run", raising(ZeroDivisionError()), end=lambda: ended.append("cold"))

    assert ended == ["cold"]


def test_signals_are_given_back() -> None:
    before = signal.getsignal(signal.SIGTERM)

    exit_code("oven", "indexes", lambda: asyncio.run(asyncio.sleep(0)), end=lambda: None)

    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("program", [WHILE_IT_WORKS, AT_THE_END], ids=["work", "end"])
@pytest.mark.parametrize(("command", "code"), [("run", 0), ("indexes", 128 + signal.SIGTERM)])
def test_a_signal_outside_of_the_loop_ends_it_quietly(program: str, command: str, code: int) -> None:
    inherited = dict(os.environ)  # noqa: TID251 - what a child process is started with
    ended = subprocess.run(
        [sys.executable, "-c", program, command],
        env=inherited,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (ended.returncode, ended.stdout + ended.stderr) == (code, "")


def test_a_command_is_asked_for_by_name() -> None:
    assert PARSER.parse_args(["run"]).command == "run"


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ([], 2, "the following arguments are required: command"),
        (["fry"], 2, "invalid choice: 'fry'"),
        (["--version"], 0, "lyceum-program 0."),
        (["--help"], 0, "bake bread"),
    ],
)
def test_a_person_is_told(arguments: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        PARSER.parse_args(arguments)

    told = capsys.readouterr()
    assert ended.value.code == code
    assert says in told.out + told.err
