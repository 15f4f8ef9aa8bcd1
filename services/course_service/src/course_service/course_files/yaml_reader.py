"""YAML as far as people need it to write things down, with the line of every value.

Read from the events of the parser, never through its constructor: nothing in a file makes an object, stands for another
part (so a few lines cannot become gigabytes), or is a date or `no` where a text is meant.
"""

from typing import Any

import yaml

from course_service.course_files.exceptions import Problem, SyntaxRefused
from course_service.course_files.nodes import DEEPEST, Entry, Listing, Node, Object, Scalar

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_REFERENCE = "references (&name, *name) are not read: write it out"


def read_yaml(text: str, problems: list[Problem]) -> Node:
    """Read one YAML document; tags and references in it are added to the problems, and stand for nothing.

    Raises:
        SyntaxRefused: it is no YAML; names the place where reading stopped.
    """
    reader = _Reader(problems)
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            reader.hear(event)
    except yaml.YAMLError as exc:
        raise SyntaxRefused([*problems, _problem(exc, text)]) from exc
    if reader.root is None:
        raise SyntaxRefused([Problem(1, "the file is empty")])
    return reader.root


class _Reader:
    """Builds nodes from events; how deep they are within each other does not matter to it."""

    def __init__(self, problems: list[Problem]) -> None:
        self._problems = problems
        self.root: Node | None = None
        self._documents = 0
        self._open: list[Listing | Object] = []
        self._names: list[tuple[int, str] | None] = []

    def hear(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise _Stopped(line, "the file is over at ---: put one document into it")
        elif isinstance(event, yaml.AliasEvent):
            self._note(line, _REFERENCE)
            self._add(Scalar(line, "reference"))
        elif isinstance(event, yaml.ScalarEvent):
            self._check(event, line, plain=event.implicit[0] or event.implicit[1])
            self._add(Scalar(line, event.value, bare=event.style is None or event.style == ""))
        elif isinstance(event, (yaml.SequenceStartEvent, yaml.MappingStartEvent)):
            self._check(event, line, plain=bool(event.implicit))
            self._begin(Listing(line) if isinstance(event, yaml.SequenceStartEvent) else Object(line))
        elif isinstance(event, (yaml.SequenceEndEvent, yaml.MappingEndEvent)):
            self._open.pop()
            self._names.pop()

    def _check(self, event: Any, line: int, *, plain: bool) -> None:
        if event.anchor is not None:
            self._note(line, _REFERENCE)
        if not plain:
            self._note(line, "tags (!name) are not read")

    def _begin(self, node: Listing | Object) -> None:
        if len(self._open) > DEEPEST:
            raise _Stopped(node.line, f"more than {DEEPEST} lists and objects within each other")
        self._add(node)
        self._open.append(node)
        self._names.append(None)

    def _add(self, node: Node) -> None:
        parent = self._open[-1] if self._open else None
        if parent is None:
            self.root = node
        elif isinstance(parent, Listing):
            parent.items.append(node)
        else:
            self._add_to(parent, node)

    def _add_to(self, parent: Object, node: Node) -> None:
        """Names and values take turns."""
        name = self._names[-1]
        if name is not None:
            parent.entries.append(Entry(name[0], name[1], node))
            self._names[-1] = None
            return
        if not isinstance(node, Scalar):
            raise _Stopped(node.line, "a name is a word, not a list or an object")
        self._names[-1] = (node.line, str(node.value))

    def _note(self, line: int, text: str) -> None:
        self._problems.append(Problem(line, text))


class _Stopped(yaml.YAMLError):  # type: ignore[misc] # pyyaml ships no types
    """Reading cannot go on."""

    def __init__(self, line: int, text: str) -> None:
        super().__init__(text)
        self.problem = Problem(line, text)


def _problem(exc: yaml.YAMLError, text: str) -> Problem:
    if isinstance(exc, _Stopped):
        return exc.problem
    mark = getattr(exc, "problem_mark", None)
    if mark is not None:
        return Problem(mark.line + 1, f"column {mark.column + 1}: {getattr(exc, 'problem', None) or 'is no YAML'}")
    position = getattr(exc, "position", None)
    line = 1 if position is None else text.count("\n", 0, position) + 1
    return Problem(line, str(getattr(exc, "reason", None) or "is no YAML"))
