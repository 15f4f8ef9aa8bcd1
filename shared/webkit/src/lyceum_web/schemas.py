"""What the bodies of requests and answers have in common, in every service."""

import unicodedata
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

_CONTROL = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})
"""Unicode's categories of what is no character of a line: control characters, line ends, unassigned code points."""

MOST_MARKS = 30
"""Accents and other marks in a row: what Unicode's Stream-Safe Text Format allows, https://unicode.org/reports/tr15/."""


class Request(BaseModel):
    """A request's body: what it does not know it refuses, by name; its errors never quote a value."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Change(Request):
    """What is to be different about something; what is left out stays as it is."""

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_removed(cls, data: Any) -> Any:
        if isinstance(data, dict) and None in data.values():
            raise ValueError("leave out what is to stay as it is: nothing here can be null")
        return data


class Answer(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(frozen=True)


def plain_line(text: str) -> str:
    """Return one line of text in NFC, without blanks around it; for `AfterValidator`.

    Raises:
        ValueError: it is blank, or holds control characters or line ends, or too many marks in a row.
    """
    text = composed(text).strip()
    if not text:
        raise ValueError("must not be blank")
    if any(unicodedata.category(character) in _CONTROL for character in text):
        raise ValueError("must not hold control characters")
    return text


def composed(text: str) -> str:
    """Return text in NFC; for `AfterValidator`.

    Marks in a row are put in order, which takes time by the square of their number and stops every thread: of some
    ten thousand, seconds.

    Raises:
        ValueError: more marks follow one another than any script has.
    """
    check_marks(text)
    return unicodedata.normalize("NFC", text)


def check_marks(text: str) -> None:
    """Refuse text that is expensive to bring into any normal form.

    Raises:
        ValueError: more marks follow one another than any script has.
    """
    marks = set() if text.isascii() else {character for character in set(text) if unicodedata.combining(character)}
    run = 0
    for character in text if marks else ():
        run = run + 1 if character in marks else 0
        if run > MOST_MARKS:
            raise ValueError(f"must not hold more than {MOST_MARKS} accents or other marks in a row")
