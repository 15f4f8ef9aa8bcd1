"""`# modelguard: allow MG02 because ...`."""

import io
import re
import tokenize
from collections.abc import Iterator

from modelguard.lint.facts import Comment

_MARK = re.compile(r"#\s*modelguard:\s*(?P<said>.*)")
_ALLOW = re.compile(r"allow\s+(?P<codes>\w+(?:\s*,\s*\w+)*)(?:\s+because\b\s*(?P<reason>.*))?\s*$")
_NO_CODE = frozenset(
    {tokenize.ENCODING, tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
)


def comments_of(data: bytes) -> list[Comment]:
    """The suppressions in a file that parses.

    One behind code is about its line and the line where the statement begins; one on a line of its own is about the
    next statement, or, inside a statement, about its next line.
    """
    if b"modelguard:" not in data:
        return []
    reader = _Reader()
    lines = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")  # as the parser counts them
    for token in tokenize.tokenize(io.BytesIO(lines).readline):
        reader.take(token)
    return sorted(reader.found(), key=lambda comment: (comment.place, comment.column))


class _Reader:
    """Comments between the statements they are about."""

    def __init__(self) -> None:
        self._done: list[Comment] = []
        self._above: list[Comment] = []  # of the next statement
        self._inside: list[Comment] = []  # of the next line of this one
        self._start = 0  # of the statement; 0 between two
        self._is_decorator = False

    def found(self) -> Iterator[Comment]:
        """All of them; those that nothing follows are about their own line."""
        yield from (*self._done, *self._above, *self._inside)

    def take(self, token: tokenize.TokenInfo) -> None:
        """Read on by one token."""
        if token.type == tokenize.COMMENT:
            self._comment(token)
        elif token.type == tokenize.NEWLINE:
            self._end(token.start[0])
        elif token.type not in _NO_CODE:
            self._code(token)

    def _comment(self, token: tokenize.TokenInfo) -> None:
        mark = _MARK.search(token.string)
        if mark is None:
            return
        comment = _read(mark["said"], *token.start)
        if not self._start:
            self._above.append(comment)
        elif token.line[: token.start[1]].strip():
            self._done.append(comment._replace(first=self._start, last=self._start))
        else:
            self._inside.append(comment)

    def _code(self, token: tokenize.TokenInfo) -> None:
        line = token.start[0]
        if not self._start:
            self._start = line
            self._is_decorator = token.string == "@"
            self._above = [
                each if each.line != each.place else each._replace(line=line, first=line) for each in self._above
            ]
        self._done += [each._replace(line=line, first=line, last=line) for each in self._inside]
        self._inside = []

    def _end(self, line: int) -> None:
        """A statement ends, or a decorator: what stands above that is about what it decorates, too."""
        self._start = 0
        if not self._is_decorator:
            self._done += [each._replace(last=line) for each in self._above]
            self._above = []


def _read(said: str, line: int, column: int) -> Comment:
    allowed = _ALLOW.match(said.strip())
    codes = re.split(r"\s*,\s*", allowed["codes"]) if allowed else []
    reason = (allowed["reason"] or "").strip() if allowed else ""
    return Comment(codes, reason, line, line, line, line, column)
