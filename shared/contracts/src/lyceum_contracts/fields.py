"""The field types that events share: one place says what an id, a moment or an amount looks like on the wire."""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field

__all__ = [
    "IN_WORDS",
    "Count",
    "Currency",
    "Hours",
    "Id",
    "LanguageTag",
    "MinorUnits",
    "Moment",
    "Preview",
    "RoleName",
    "SubjectName",
    "Text",
    "Word",
]

HALF_HOURS_PER_WEEK = 7 * 24 * 2
LONGEST_LANGUAGE_TAG = 35
"""What RFC 5646, section 4.4.1, asks programs to have room for."""


def _spelled_out(value: Any) -> Any:
    if not isinstance(value, str | datetime):
        raise ValueError("a time is written as RFC 3339 text with an offset, such as 2026-01-31T09:30:00Z")  # noqa: TRY004 - pydantic reports ValueError as a field problem, TypeError escapes it
    return value


def _in_utc_too(value: datetime) -> datetime:
    try:
        value.astimezone(UTC)
    except OverflowError:
        raise ValueError("a time is one that UTC has too, from the year 1 to 9999") from None
    return value


_ID = r"^[A-Za-z0-9_-]{1,64}$"
_SUBJECT = r"^[^|;\s\x00-\x1f\x7f]([^|;\x00-\x1f\x7f]{0,62}[^|;\s\x00-\x1f\x7f])?$"
_LANGUAGE = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"
_CURRENCY = r"^[A-Z]{3}$"
_WORD = r"^[a-z][a-z_]{0,31}$"
_ROLE = r"^[^\x00-\x1f\x7f]{1,64}$"

IN_WORDS: Mapping[str, str] = MappingProxyType(
    {
        _ID: "give 1 to 64 letters, digits, - or _",
        _SUBJECT: "give 1 to 64 characters without | or ;, such as math",
        _LANGUAGE: "give a language tag such as en or pt-br",
        _CURRENCY: "give the three capital letters of a currency, such as EUR",
        _WORD: "give a word of small letters, such as text",
        _ROLE: "give the name of a role, 1 to 64 characters, such as student",
    }
)
"""What to do about a value that does not match the pattern."""

Id = Annotated[str, Field(pattern=_ID)]
Moment = Annotated[AwareDatetime, BeforeValidator(_spelled_out), AfterValidator(_in_utc_too)]
SubjectName = Annotated[str, Field(pattern=_SUBJECT)]
LanguageTag = Annotated[str, Field(pattern=_LANGUAGE, max_length=LONGEST_LANGUAGE_TAG)]
Currency = Annotated[str, Field(pattern=_CURRENCY)]
RoleName = Annotated[str, Field(pattern=_ROLE)]
MinorUnits = Annotated[int, Field(strict=True, ge=0)]
Count = Annotated[int, Field(strict=True, ge=0)]
HalfHour = Annotated[int, Field(strict=True, ge=0, lt=HALF_HOURS_PER_WEEK)]
Hours = Annotated[tuple[HalfHour, ...], Field(max_length=HALF_HOURS_PER_WEEK)]
Text = Annotated[str, Field(max_length=500)]
Preview = Annotated[str, Field(max_length=80)]
Word = Annotated[str, Field(pattern=_WORD)]
