"""JSON with the line of every value, which the standard library's reader does not tell."""

import re
from bisect import bisect_right
from collections.abc import Iterator
from json import JSONDecodeError, JSONDecoder

from course_service.course_files.exceptions import Problem, SyntaxRefused
from course_service.course_files.nodes import DEEPEST, Entry, Listing, Node, Object, Scalar

_BLANK = re.compile(r"[ \t\n\r]*")
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?")
_STRINGS = JSONDecoder()
_WORDS = {"true": True, "false": False, "null": None}


def read_json(text: str, problems: list[Problem]) -> Node:  # noqa: ARG001 - JSON has nothing to skip, as YAML has
    """Read one JSON document (RFC 8259).

    Raises:
        SyntaxRefused: it is none; names the place where reading stopped.
    """
    try:
        return _Reader(text).document()
    except JSONDecodeError as exc:
        raise SyntaxRefused([Problem(exc.lineno, f"column {exc.colno}: {exc.msg}")]) from exc


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._starts = [match.end() for match in re.finditer("\n", text)]

    def document(self) -> Node:
        self._skip()
        node = self._value(0)
        self._skip()
        if self._at < len(self._text):
            raise self._unfit("the document is over, and something follows")
        return node

    def _value(self, depth: int) -> Node:
        if depth > DEEPEST:
            raise self._unfit(f"more than {DEEPEST} lists and objects within each other")
        line, mark = self._line(), self._text[self._at : self._at + 1]
        if mark == "{":
            return self._object(line, depth)
        if mark == "[":
            return self._list(line, depth)
        return Scalar(line, self._string() if mark == '"' else self._word())

    def _object(self, line: int, depth: int) -> Object:
        made = Object(line)
        for _ in self._until("}"):
            if self._text[self._at : self._at + 1] != '"':
                raise self._unfit("a name in double quotes is expected")
            at, name = self._line(), self._string()
            self._skip()
            self._take(":")
            self._skip()
            made.entries.append(Entry(at, name, self._value(depth + 1)))
        return made

    def _list(self, line: int, depth: int) -> Listing:
        made = Listing(line)
        for _ in self._until("]"):
            made.items.append(self._value(depth + 1))
        return made

    def _until(self, end: str) -> Iterator[None]:
        """Stand at each element in turn, and behind the end after the last."""
        self._at += 1
        self._skip()
        count = 0
        while self._text[self._at : self._at + 1] != end:
            if count:
                self._take(",")
                self._skip()
            yield
            count += 1
            self._skip()
        self._at += 1

    def _string(self) -> str:
        value, self._at = _STRINGS.raw_decode(self._text, self._at)
        return str(value)

    def _word(self) -> int | float | bool | None:
        for word, value in _WORDS.items():
            if self._text.startswith(word, self._at):
                self._at += len(word)
                return value
        number = _NUMBER.match(self._text, self._at)
        if number is None:
            raise self._unfit("a value is expected")
        try:
            read: int | float = float(number[0]) if number[1] or number[2] else int(number[0])
        except ValueError:
            raise self._unfit("this number is too long") from None
        self._at = number.end()
        return read

    def _skip(self) -> None:
        blank = _BLANK.match(self._text, self._at)
        self._at = self._at if blank is None else blank.end()

    def _take(self, mark: str) -> None:
        if self._text[self._at : self._at + 1] != mark:
            raise self._unfit(f"{mark} is expected")
        self._at += 1

    def _line(self) -> int:
        return bisect_right(self._starts, self._at) + 1

    def _unfit(self, why: str) -> JSONDecodeError:
        return JSONDecodeError(why, self._text, self._at)
