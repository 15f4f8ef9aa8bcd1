"""`# modelguard: allow MG02 because ...`."""

import io
import re
import tokenize

from modelguard.lint.facts import Comment

_MARK = re.compile(r"#\s*modelguard:\s*(?P<said>.*)")
_ALLOW = re.compile(r"allow\s+(?P<codes>\w+(?:\s*,\s*\w+)*)(?:\s+because\b\s*(?P<reason>.*))?\s*$")


def comments_of(data: bytes) -> list[Comment]:
    """The suppressions in a file that parses.

    One behind code is about its line, one on a line of its own about the next line of code.
    """
    if b"modelguard:" not in data:
        return []
    found: list[Comment] = []
    waiting: list[Comment] = []
    for token in tokenize.tokenize(io.BytesIO(data).readline):
        if token.type == tokenize.COMMENT and (mark := _MARK.search(token.string)):
            comment = _read(mark["said"], *token.start)
            alone = not token.line[: token.start[1]].strip()
            (waiting if alone else found).append(comment)
        elif waiting and token.type not in {tokenize.COMMENT, tokenize.NL, tokenize.INDENT, tokenize.DEDENT}:
            found += [each._replace(line=token.start[0]) for each in waiting]
            waiting = []
    return found + waiting


def _read(said: str, line: int, column: int) -> Comment:
    allowed = _ALLOW.match(said.strip())
    codes = re.split(r"\s*,\s*", allowed["codes"]) if allowed else []
    reason = (allowed["reason"] or "").strip() if allowed else ""
    return Comment(codes, reason, line, line, column)
