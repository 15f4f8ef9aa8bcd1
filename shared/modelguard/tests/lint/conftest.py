from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING

import pytest

from modelguard.lint.linting import Report, lint

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from modelguard.lint.finding import Finding

SETTINGS = "[tool.modelguard]\n"
CODE = re.compile(r"^write(?: at the top of the file)?(?:, from where it is defined)?: (.+?)(?:;|, and|, below|$)")


class Sources:
    """A folder of source files that are read, never imported."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings()

    def settings(self, text: str = "") -> None:
        """Write `[tool.modelguard]` with these lines."""
        self.write("pyproject.toml", SETTINGS + textwrap.dedent(text))

    def write(self, path: str, text: str = "") -> Path:
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    def write_all(self, text: str) -> None:
        """Write several files: `# path.py` on a line of its own starts each."""
        for path, body in re.findall(
            r"^# (\S+\.py)\n(.*?)(?=^# \S+\.py$|\Z)", text.strip("\n") + "\n", re.MULTILINE | re.DOTALL
        ):
            self.write(path, body)

    def lint(self, *places: str) -> Report:
        return lint([self.root / place for place in places or (".",)], cached=False)

    def found(self, *places: str) -> list[Finding]:
        return self.lint(*places).findings

    def codes(self) -> list[str]:
        return [each.code for each in self.found()]

    def places(self, code: str) -> list[tuple[str, int]]:
        """Where a rule finds something."""
        return [(each.path, each.line) for each in self.found() if each.code == code]


@pytest.fixture
def sources(tmp_path: Path) -> Sources:
    """A project without a file."""
    return Sources(tmp_path)


@pytest.fixture
def take_advice(sources: Sources) -> Callable[..., None]:
    """Find something, do what the finding says, and find nothing."""

    def take(before: str, code: str, fix: str, after: str, settings: str = "") -> None:
        sources.write_all(before)
        assert fix in [each.fix for each in sources.found() if each.code == code]
        sources.write_all(after)
        sources.settings(settings)

        assert sources.found() == []
        if written := CODE.search(fix):  # else the advice is in words
            assert written[1] in after

    return take
