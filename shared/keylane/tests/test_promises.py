"""PROMISES.md names tests that exist, and leaves no promise without one."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1]
ROOT = FOLDER.parents[1]
TEXT = (FOLDER / "PROMISES.md").read_text(encoding="utf-8")
ROWS = [line for line in TEXT.splitlines() if line.startswith("|") and not re.match(r"\|[ -]*(\||fault \|)", line)]
NAMED = re.compile(r"`((?:tests/\w+/)?test_\w+)::(\w+)`")
SKIPS = ("skip", "skipif")


def named(row: str) -> list[tuple[str, str]]:
    return NAMED.findall(row)


@cache
def defined_in(place: str) -> dict[str, ast.stmt]:
    """What a module defines at its top, by name."""
    path = (ROOT / place if "/" in place else FOLDER / "tests" / place).with_suffix(".py")
    assert path.exists(), f"{path} is named in PROMISES.md"
    defined: dict[str, ast.stmt] = {}
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            defined[node.name] = node
        elif isinstance(node, ast.Assign):
            defined |= {target.id: node for target in node.targets if isinstance(target, ast.Name)}
    return defined


@pytest.mark.parametrize("row", ROWS, ids=[row.split("|")[1].strip() for row in ROWS])
def test_every_promise_names_tests_that_are_there_and_run(row: str) -> None:
    assert named(row), "no test stands for it"
    assert row.count("::") == len(named(row)), "a name that is not understood"
    for place, name in named(row):
        found = defined_in(place).get(name)
        assert found is not None, f"{place}.py has no {name}"
        decorators = [ast.unparse(one) for one in getattr(found, "decorator_list", ())]
        assert not [one for one in decorators if any(f"mark.{skip}" in one for skip in SKIPS)], f"{name} is skipped"


def test_all_eleven_invariants_are_there_once_and_say_how_they_were_seen_red() -> None:
    invariants = [row.split("|") for row in ROWS if re.match(r"\| I\d+ \|", row)]

    assert [cells[1].strip() for cells in invariants] == [f"I{number}" for number in range(1, 12)]
    assert all(cells[4].strip() for cells in invariants)


def test_the_readme_leads_here() -> None:
    assert "(PROMISES.md)" in (FOLDER / "README.md").read_text(encoding="utf-8")
