"""The log without secrets, whatever was handed to it.

What is known to be a secret is never logged by the kit. This is for the rest: the text of an error that quotes what it
was given, an `extra` that holds a request's header, a driver's address with its password.
"""

import logging
import re
import traceback
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fastapi.exceptions import ValidationException
from pydantic import ValidationError as PydanticError

from lyceum_program.logs import JsonLines
from lyceum_web.access_log import Answered

HIDDEN = "***"
MOST_CHARACTERS = 16_384
"""Of one text in a line: nobody reads more, and looking for secrets in it takes time."""

_NAMES = r"pass(?:word|wd|phrase)?|secret|token|authorization|cookie|credential|api[_-]?key|private[_-]?key|ticket"
_SECRET_NAME = re.compile(rf"(?i)(?:{_NAMES})s?\Z")
_SECRETS = re.compile(
    r"(?i)"
    r"(?P<jwt>(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{5,}+\.[A-Za-z0-9_-]++\.[A-Za-z0-9_-]*+)"
    r"|(?P<scheme>\b(?:bearer|basic)\s+)[^\s\"',;]+"
    r"|(?P<address>://[^\s/:@\"']*:)[^\s/@\"']+(?=@)"
    rf"|(?P<name>(?:{_NAMES})s?[\"']?\s*[:=]\s*)(?P<quote>[\"'])?(?(quote)(?:\\.|(?!(?P=quote))[^\\])*|(?:(?:bearer|basic)\s+)?[^\s,;&)}}\]]+)"
)


def redacted(text: str) -> str:
    """Return the text with each secret that can be recognised hidden; of a very long one the beginning and the end."""
    return _SECRETS.sub(_hidden, text if len(text) <= MOST_CHARACTERS else _shortened(text))


def _shortened(text: str) -> str:
    """The end, where a traceback says what happened, from a new line on: half a word might be half a secret."""
    half = MOST_CHARACTERS // 2
    return f"{text[:half]}... ({len(text)} characters)\n{text[-half:].partition(chr(10))[2]}"


def _hidden(match: re.Match[str]) -> str:
    kept = match["scheme"] or match["address"] or match["name"] or ""
    return f"{kept}{match['quote'] or ''}{HIDDEN}"


class RedactedLines(JsonLines):
    """Formats a record as `JsonLines` does, without its secrets."""

    def format(self, record: logging.LogRecord) -> str:
        """Give one line, whatever the message holds."""
        return record.line() if isinstance(record, Answered) else super().format(record)

    def line(self, record: logging.LogRecord) -> dict[str, Any]:
        """Give what will be written."""
        return {name: _shown(name, value) for name, value in super().line(record).items()}

    def formatException(self, ei: Any) -> str:  # noqa: N802 - the name that logging calls
        """Tell where an error came from and what caused it; of a refused value only where it was, never the value."""
        return "\n".join(_told(each) for each in reversed(list(_chain(ei[1]))))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _told(error: BaseException) -> str:
    frames = "".join(traceback.format_tb(error.__traceback__))
    return f"{frames}{type(error).__module__}.{type(error).__qualname__}: {_text(error)}"


def _text(error: BaseException) -> str:
    if isinstance(error, PydanticError | ValidationException):
        return "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['type']}" for each in error.errors())
    return str(error)


def _shown(name: str, value: Any) -> Any:
    if value is not None and _SECRET_NAME.search(name):
        return HIDDEN
    if isinstance(value, str):
        return redacted(value)
    if isinstance(value, Mapping):
        return {str(key): _shown(str(key), item) for key, item in value.items()}
    if isinstance(value, Sequence | set | frozenset) and not isinstance(value, bytes | bytearray):
        return [_shown("", item) for item in value]
    return value if value is None or isinstance(value, bool | int | float) else redacted(str(value))
