"""What is wrong with a file."""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course_service.errors import CourseServiceError

MOST_TOLD = 100
"""Lines of one report; whoever has more mends these first."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One mistake, and where it stands: lines begin at 1."""

    line: int
    text: str


class FileRefused(CourseServiceError):
    """Nothing of the file was imported.

    Attributes:
        problems: all mistakes, in the order of their lines.
    """

    def __init__(self, path: Path, problems: Sequence[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        lines = [f"{path}:{problem.line}: {problem.text}" for problem in self.problems[:MOST_TOLD]]
        more = len(self.problems) - MOST_TOLD
        super().__init__("\n".join([*lines, *([f"{path}: and {more} more"] if more > 0 else [])]))


class SyntaxRefused(CourseServiceError):
    """A text is neither JSON nor YAML, or holds what is not read here.

    Attributes:
        problems: what is wrong; reading may have stopped at the last.
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("; ".join(problem.text for problem in problems))
        self.problems = tuple(problems)
