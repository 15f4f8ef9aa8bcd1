"""What an error says, in words that are safe to log and to store, and what others wrote, safe to show in one line."""

from __future__ import annotations

import re
from typing import Final

MAX_NAME: Final = 128
"""Characters of an id, a type or a key in a line."""
MAX_WORDS: Final = 512
"""Characters of an error's own words in a line."""
UNPRINTABLE: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufeff]")
"""What ends or forges a line, steers a terminal, turns the direction of what is read, or cannot be written at all: the
control characters, the separators of lines and paragraphs, the marks of direction, halves of surrogate pairs."""


def said(error: BaseException) -> str:
    """The error's text, or its class when it has none or its own `__str__` fails; never raises."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001  whatever an error's own code does, it must not become our error
        text = ""
    return text or type(error).__name__


def plain(text: str, limit: int = MAX_NAME) -> str:
    """At most so many characters of it, in one line: those that a line cannot show are spelled as in Python."""
    return UNPRINTABLE.sub(_spelled, text[:limit])


def _spelled(found: re.Match[str]) -> str:
    return found.group().encode("unicode_escape").decode()
