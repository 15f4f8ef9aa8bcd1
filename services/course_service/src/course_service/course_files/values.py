"""From what a file says to the values that a course is made of, with the line of each."""

import re
from collections.abc import Mapping
from typing import Any

from course_service.course_files.exceptions import Problem
from course_service.course_files.nodes import Listing, Node, Object, Scalar

Path = tuple[str | int, ...]

NUMBERS = frozenset({"price_minor"})
FLAGS = frozenset({"free"})
"""In YAML a bare word is what its place asks for: in these a number or a flag, everywhere else a text, so that a course
may be called 1984 and taught in `no`, which is Norwegian."""

_WHOLE = re.compile(r"-?\d{1,18}")
_NOTHING = frozenset({"", "~", "null"})
_WORDS: Mapping[str, bool] = {"true": True, "false": False}


class Values:
    """The values of one node.

    Attributes:
        plain: of Python's own kinds.
        problems: names that are there twice; the first counts.
    """

    def __init__(self, node: Node, name: str = "") -> None:
        self.problems: list[Problem] = []
        self._lines: dict[Path, int] = {}
        self.plain = self._read(node, name, ())

    def line(self, path: Path) -> int:
        """Return where a value stands, or what should hold it if it is not there."""
        while path not in self._lines:
            path = path[:-1]
        return self._lines[path]

    def _read(self, node: Node, name: str, path: Path) -> Any:
        self._lines.setdefault(path, node.line)
        if isinstance(node, Scalar):
            return _meant(node, name)
        if isinstance(node, Listing):
            return [self._read(item, name, (*path, index)) for index, item in enumerate(node.items)]
        return self._object(node, path)

    def _object(self, node: Object, path: Path) -> dict[str, Any]:
        read: dict[str, Any] = {}
        first: dict[str, int] = {}
        for entry in node.entries:
            if entry.name in first:
                again = f"{entry.name} stands here a second time, after line {first[entry.name]}"
                self.problems.append(Problem(entry.line, again))
                continue
            first[entry.name] = entry.line
            self._lines[(*path, entry.name)] = entry.line
            read[entry.name] = self._read(entry.value, entry.name, (*path, entry.name))
        return read


def _meant(node: Scalar, name: str) -> Any:
    value = node.value
    if not node.bare or not isinstance(value, str):
        return value
    if value in _NOTHING:
        return None
    if name in NUMBERS and _WHOLE.fullmatch(value):
        return int(value)
    return _WORDS.get(value, value) if name in FLAGS else value
