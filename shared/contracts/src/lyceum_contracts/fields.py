"""The field types that events share: one place says what an id, a moment or an amount looks like on the wire."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator, Field

__all__ = ["Count", "Currency", "Hours", "Id", "LanguageTag", "MinorUnits", "Moment", "SubjectName", "Text"]

HALF_HOURS_PER_WEEK = 7 * 24 * 2
LONGEST_LANGUAGE_TAG = 35
"""What RFC 5646, section 4.4.1, asks programs to have room for."""


def _spelled_out(value: Any) -> Any:
    if not isinstance(value, str | datetime):
        raise ValueError("a time is written as RFC 3339 text with an offset, such as 2026-01-31T09:30:00Z")  # noqa: TRY004 - pydantic reports ValueError as a field problem, TypeError escapes it
    return value


Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
Moment = Annotated[AwareDatetime, BeforeValidator(_spelled_out)]
SubjectName = Annotated[str, Field(pattern=r"^[^|;\s]([^|;\r\n\t]{0,62}[^|;\s])?$")]
LanguageTag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=LONGEST_LANGUAGE_TAG)]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
MinorUnits = Annotated[int, Field(strict=True, ge=0)]
Count = Annotated[int, Field(strict=True, ge=0)]
HalfHour = Annotated[int, Field(strict=True, ge=0, lt=HALF_HOURS_PER_WEEK)]
Hours = Annotated[tuple[HalfHour, ...], Field(max_length=HALF_HOURS_PER_WEEK)]
Text = Annotated[str, Field(max_length=500)]
