"""The command line: what it dispatches, and that no error reaches a person as a traceback."""

import io
import sys
from collections.abc import Callable
from importlib.metadata import EntryPoint

import click
import pytest

from lyceum_allocation import FileRefused
from lyceum_database import Unavailable
from lyceum_devstack import cli
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


@pytest.mark.parametrize("arguments", [["nonsense"], ["demo", "--nonsense"], ["--nonsense"]])
def test_a_wrong_command_line_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (Unavailable("MongoDB at db:27017 does not answer"), 2, "error: MongoDB at db:27017 does not answer\n"),
        (FileNotFoundError(2, "No such file or directory", "a.csv"), 2, "error: a.csv: No such file or directory\n"),
        (FileRefused(["a.csv:2: x", "a.csv:3: y"]), 2, "error: a.csv:2: x\nerror: a.csv:3: y\n"),
        (ConnectionRefusedError("refused"), 2, "error: refused\n"),
        (click.ClickException("no"), 2, "Error: no\n"),
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
