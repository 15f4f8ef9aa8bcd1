"""Wherever output goes: what cannot be said is one line on standard error and exit code 2, never a traceback."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from modelguard import cli
from modelguard.cli import main

if TYPE_CHECKING:
    from shared.modelguard.tests.conftest import Project

MODEL = "class Größe(Document):\n    ref = ReferenceField('Nöpe')\n"
COMMANDS = {
    "lint": ["lint", "--no-cache", "."],
    "lint as JSON": ["lint", "--no-cache", "--format", "json", "."],
    "check": ["check", "shop"],
    "check what is plain": ["check", "--adopting", "shop"],
    "list": ["list", "shop"],
    "explain": ["explain", "MG02"],
}


@pytest.fixture
def shop(plain: Project, monkeypatch: pytest.MonkeyPatch) -> Project:
    plain.write("shop.py", MODEL)
    monkeypatch.chdir(plain.root)
    return plain


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.usefixtures("shop")
def test_a_full_device_is_one_line_and_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        code = main(COMMANDS[name])
        monkeypatch.undo()

    assert code == 2
    *_, last = capsys.readouterr().err.splitlines()
    assert last == "modelguard: cannot write to standard output: No space left on device"


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.usefixtures("shop")
def test_a_closed_output_is_one_line_and_2(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    code = main(COMMANDS[name])
    monkeypatch.undo()

    assert code == 2
    assert "modelguard: standard output is closed\n" in capsys.readouterr().err


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.usefixtures("shop")
def test_a_terminal_without_such_letters_shows_their_codes(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, "ascii"))

    assert main(COMMANDS[name]) in {0, 1}
    sys.stdout.flush()
    assert raw.getvalue()
    assert name == "explain" or b"Gr\\xf6\\xdfe" in raw.getvalue() or b"\\u00f6" in raw.getvalue()


@pytest.mark.usefixtures("shop")
def test_findings_are_1_even_if_nobody_hears_the_summary(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)

    assert main(["lint", "--no-cache", "."]) == 1


@pytest.mark.parametrize(
    ("redirection", "said"),
    [
        ("> /dev/full", "modelguard: cannot write to standard output: No space left on device\n"),
        (">&-", "modelguard: standard output is closed\n"),
        ("| head -c 1 > /dev/null", ""),
    ],
)
def test_the_program_ends_without_a_word_of_python(shop: Project, redirection: str, said: str) -> None:
    shop.write("many.py", "".join(f"class A{number}(Document): pass\n" for number in range(2_000)))
    program = f"'{sys.executable}' -m modelguard lint --no-cache . {redirection}; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", program], cwd=shop.root, capture_output=True, text=True, check=False, timeout=60
    )

    assert (done.returncode, done.stderr) == (2, said)


def test_a_working_directory_that_is_gone_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "gone").mkdir()
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()

    for arguments in ([], [str(tmp_path / "here")]):
        assert main(["lint", *arguments]) == 2
        assert capsys.readouterr() == ("", "modelguard: the working directory: No such file or directory\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("class Odd(BaseException): pass\nraise Odd('x')\n", "cannot import shop: Odd: x"),
        ("class Odd(Exception):\n    __str__ = None\nraise Odd\n", "cannot import shop: Odd"),
        ("raise KeyboardInterrupt\n", "interrupted"),
    ],
)
def test_whatever_an_imported_module_raises_is_one_line(
    guarded: Project, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    guarded.write("shop.py", text)

    assert main(["check", "shop"]) == 2
    at = "" if said == "interrupted" else f" (at {guarded.root}/shop.py:{text.count(chr(10)) + 1})"
    assert capsys.readouterr() == ("", f"modelguard: {said}{at}\n")


def test_a_fault_of_the_program_itself_is_one_line_that_says_where(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: object) -> int:
        raise RuntimeError("no\nsense")

    monkeypatch.setattr(cli, "_explain", broken)

    assert main(["explain"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("modelguard: a fault in modelguard itself, please report it: RuntimeError: no sense (")
    assert said.endswith(" in broken)\n")
    assert said.count("\n") == 1
