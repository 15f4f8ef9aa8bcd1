"""docs/adopt.md, step by step: its files are written, its commands run, and each ends with the code it says."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "adopt.md").read_text(encoding="utf-8")
COMMAND = re.compile(r"^\$ (.+?)\s+# (\d)$", re.MULTILINE)
STEP = re.compile(r"(?:run|entry): (modelguard .+)$", re.MULTILINE)  # of a workflow, or a hook: it is to pass


class Ran(NamedTuple):
    """One command of the page."""

    command: str
    promised: int
    code: int
    said: str


def follow(page: str, folder: Path) -> list[Ran]:
    """Do what a page says, block by block."""
    ran: list[Ran] = []
    for language, block in re.findall(r"^```(python|toml|console|yaml)\n(.*?)^```", page, re.MULTILINE | re.DOTALL):
        match language:
            case "python":
                write_files(block, folder)
            case "toml":
                (folder / "pyproject.toml").write_text(block, encoding="utf-8")
            case "yaml":
                ran += [run(command, 0, folder) for command in STEP.findall(block)]
            case _:
                ran += [run(command, int(code), folder) for command, code in COMMAND.findall(block)]
    return ran


def write_files(block: str, folder: Path) -> None:
    for path, text in re.findall(r"^# (\S+\.py)\n(.*?)(?=^# \S+\.py$|\Z)", block, re.MULTILINE | re.DOTALL):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")


def run(command: str, promised: int, folder: Path) -> Ran:
    """Run it with this Python, and no bytecode: a file rewritten within a second would be taken from its stale one."""
    program, *arguments = shlex.split(command)
    module = {"python": [], "modelguard": ["-m", "modelguard"]}[program]
    done = subprocess.run(
        [sys.executable, "-B", *module, *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=60
    )
    return Ran(command, promised, done.returncode, done.stdout + done.stderr)


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> list[Ran]:
    return follow(PAGE, tmp_path_factory.mktemp("shop"))


def test_every_command_ends_as_the_page_says(followed: list[Ran]) -> None:
    assert [each for each in followed if each.code != each.promised] == []
    assert len(followed) == len(re.findall(r"^\$ |(?:run|entry): modelguard", PAGE, re.MULTILINE))


def test_the_first_check_says_what_the_page_shows(followed: list[Ran]) -> None:
    shown = re.search(r"```\n(  User\.role: .+)\n```", PAGE)
    assert shown is not None

    assert shown[1] in followed[1].said


def test_the_task_for_the_editor_reads_what_lint_prints(followed: list[Ran]) -> None:
    [block] = re.findall(r"^```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    pattern = json.loads(block)["tasks"][0]["problemMatcher"]["pattern"]
    line = next(each for each in followed[0].said.splitlines() if " MG01 " in each)
    read = re.fullmatch(pattern["regexp"], line)
    assert read is not None

    assert [read[pattern[part]] for part in ("file", "line", "column", "code")] == [
        "shop/models/role.py",
        "4",
        "1",
        "MG01",
    ]
    assert read[pattern["message"]].startswith("Role stands on")


def test_the_hook_of_the_page_is_the_one_of_the_repository() -> None:
    hooks = (Path(__file__).parents[4] / ".pre-commit-hooks.yaml").read_text(encoding="utf-8")
    shown = re.search(r"- id: (.+?)\n```", PAGE, re.DOTALL)
    assert shown is not None

    for line in (
        "id: modelguard-lint",
        "entry: modelguard lint",
        "language: system",
        r"files: (\.py|(^|/)pyproject\.toml|(^|/)[^/]*baseline[^/]*\.json)$",
        "pass_filenames: false",
    ):
        assert line in hooks
        assert line in shown[0]


def test_the_baseline_accepts_what_the_first_run_found(followed: list[Ran]) -> None:
    assert "accepted by lint-baseline.json" in followed[3].said


def test_the_check_at_start_sees_every_model(followed: list[Ran]) -> None:
    started = next(each for each in followed if "shop.program" in each.command)

    assert started.said.strip() == "['Role', 'User']"
