"""The command line: what it dispatches, and that no error reaches a person as a traceback."""

import io
import os
import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from importlib.metadata import EntryPoint
from pathlib import Path

import click
import pytest

from lyceum_allocation import FileRefused
from lyceum_database import Unavailable
from lyceum_devstack import cli, failures
from lyceum_devstack.cli import main

Offer = Callable[[object], None]


@pytest.fixture
def offer(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], None]], None]:
    """Offers one operator command, `try`, that runs the given function."""

    def as_command(function: Callable[[], None]) -> None:
        monkeypatch.setattr(cli, "_load", lambda offer: click.Command("try", callback=function))
        monkeypatch.setattr(cli, "_offers", lambda: {"try": EntryPoint("try", "somewhere:command", "lyceum.commands")})

    return as_command


def raising(error: BaseException) -> Callable[[], None]:
    def function() -> None:
        raise error

    return function


def test_help_shows_commands_and_examples(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--help"]) == 0
    out = capsys.readouterr().out
    assert "demo" in out
    assert "lyceum purchases publish" in out


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert "lyceum, version 0.1.0" in capsys.readouterr().out


def test_an_offered_command_is_listed_and_runs(offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    ran = []
    offer(lambda: ran.append(1))
    assert main(["try"]) == 0
    assert ran == [1]
    assert main(["--help"]) == 0
    assert "  try " in capsys.readouterr().out.replace("\n", " \n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], "error: No such command 'nonsense'. See `lyceum --help`."),
        (["--nonsense"], "error: No such option '--nonsense'."),
        (["demo", "--nonsense"], "error: No such option '--nonsense'."),
        (["demo", "--trainers"], "error: Option '--trainers' requires an argument."),
        (["demo", "--trainers", "none.csv"], "error: none.csv: No such file or directory"),
        (["demo", "--purchases", "none.jsonl"], "error: none.jsonl: No such file or directory"),
        (["demo", "--purchases", "."], "error: .: Is a directory"),
        (["purchases", "publish", "none.jsonl"], "error: Missing option '--kafka' (env var: 'KAFKA_BOOTSTRAP')."),
        (["allocations", "list", "--state", "LOST"], "error: Invalid value for '--state': 'LOST' is not one of"),
        (["allocations", "list", "--limit", "0"], "error: Invalid value for '--limit': 0 is not in the range"),
        (["trainers", "import"], "error: Missing argument 'FILE'."),
        (["dlq", "list"], "error: Missing option '--kafka' / '--bootstrap' (env var: 'KAFKA_BOOTSTRAP')."),
        (["dlq", "list", "--topic", "users"], "error: Invalid value for '--topic': 'users' is not "),
        (["dlq", "replay", "--kafka", "h:1"], "error: say which letters: their ids, options that they fit, or --all."),
    ],
    ids=" ".join,
)
def test_a_wrong_command_line_is_refused_in_one_line(
    monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP", raising=False)
    assert main(arguments) == 2
    err = capsys.readouterr().err
    assert err.startswith(said)
    assert err.count("\n") == 1


def test_a_bare_lyceum_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "Examples:" in capsys.readouterr().err


@pytest.mark.parametrize("name", cli.SUMMARIES)
def test_the_help_says_of_each_command_what_the_command_says(name: str) -> None:
    command = cli.lyceum.get_command(click.Context(cli.lyceum), name)
    assert command is not None
    assert (command.help or "").splitlines()[0] == cli.SUMMARIES[name]


def test_every_known_error_is_found_by_its_name() -> None:
    for module, name in failures.KNOWN:
        import_module(module)
        assert failures._loaded(module, name) is getattr(import_module(module), name)
        assert issubclass(getattr(import_module(module), name), Exception)


@pytest.mark.parametrize("arguments", ["--version", "--help", "nonsense"])
def test_what_needs_no_command_loads_none(arguments: str) -> None:
    program = "import sys; from lyceum_devstack.cli import main; main(sys.argv[1:]); print(*sys.modules, sep='\\n')"
    ended = subprocess.run(
        [sys.executable, "-c", program, arguments], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = set(ended.stdout.splitlines())
    assert "click" in loaded
    assert not loaded & {"mongoengine", "pymongo", "pydantic", "aiokafka", "confluent_kafka", "rich", "keylane"}


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Unavailable("MongoDB at db:27017 does not answer"), 2, "error: MongoDB at db:27017 does not answer\n"),
        (FileNotFoundError(2, "No such file or directory", "a.csv"), 2, "error: a.csv: No such file or directory\n"),
        (FileRefused(["a.csv:2: x", "a.csv:3: y"]), 2, "error: a.csv:2: x\nerror: a.csv:3: y\n"),
        (ConnectionRefusedError("refused"), 2, "error: refused\n"),
        (click.ClickException("no"), 2, "error: no\n"),
        (click.Abort(), 130, "interrupted\n"),
        (KeyboardInterrupt(), 130, "interrupted\n"),
        (KeyError("lost"), 70, "error: KeyError: 'lost'\nThis is a defect of lyceum."),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_error_is_a_line_and_a_code(
    offer: Offer, capsys: pytest.CaptureFixture[str], error: BaseException, code: int, said: str
) -> None:
    offer(raising(error))
    assert main(["try"]) == code
    err = capsys.readouterr().err
    assert err.lstrip().startswith(said)
    assert "Traceback" not in err


def test_debug_shows_where_an_error_arose(offer: Offer, capsys: pytest.CaptureFixture[str]) -> None:
    offer(raising(KeyError("lost")))
    assert main(["--debug", "try"]) == 70
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("value", ["no_such_module:command", "json:no_such_name", "json:dumps"])
def test_a_command_that_cannot_be_loaded_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str
) -> None:
    monkeypatch.setattr(cli, "_offers", lambda: {"try": EntryPoint("try", value, "lyceum.commands")})
    assert main(["try"]) == 2
    assert capsys.readouterr().err.startswith("error: `lyceum try`")


def test_a_name_that_the_code_page_lacks_does_not_stop_a_command(offer: Offer, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="cp1252", write_through=True))
    offer(lambda: print("Zoé पूजा"))  # noqa: T201 - as a command would
    assert main(["try"]) == 0
    assert raw.getvalue().split() == ["Zoé".encode("cp1252"), b"????"]


def to(stdout: int, *arguments: str, **environment: str) -> tuple[int, str]:
    """Run `lyceum` with this standard output; its exit code and standard error."""
    inherited = dict(os.environ)  # noqa: TID251 - handed on
    ended = subprocess.run(
        [sys.executable, "-m", "lyceum_devstack", *arguments],
        env=inherited | environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=100,
        check=False,
    )
    return ended.returncode, ended.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["demo", "--help"]], ids=" ".join)
def test_a_reader_that_left_is_no_error(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        assert to(writing, *arguments) == (141, "")
    finally:
        os.close(writing)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device of Linux")
def test_a_full_disk_is_told_in_one_line() -> None:
    with Path("/dev/full").open("wb") as full:
        assert to(full.fileno(), "--help") == (2, "error: No space left on device\n")
