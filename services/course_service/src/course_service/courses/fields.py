"""The kinds of values that describe a course, on the wire and in files."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field

from lyceum_web.schemas import composed, plain_line

LONGEST_BODY = 50_000
"""Characters of one text lesson; a longer one is several lessons, or a PDF."""
HIGHEST_PRICE_MINOR = 99_999_999
"""What Stripe takes in one payment: https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts"""
MOST_LANGUAGES = 20
MOST_TRAINERS = 100

_LINE_ENDS = frozenset("\t\n")
_NO_TEXT = frozenset({"Cc", "Cs", "Cn"})


def plain_text(text: str) -> str:
    """Return text of several lines in NFC, its lines ended by LF.

    Raises:
        ValueError: it holds control characters, or too many marks in a row.
    """
    text = composed(text.replace("\r\n", "\n").replace("\r", "\n"))
    if any(unicodedata.category(each) in _NO_TEXT for each in set(text) - _LINE_ENDS):
        raise ValueError("must not hold control characters")
    return text


def _subject(text: str) -> str:
    text = " ".join(plain_line(text).split())
    if any(mark in text for mark in "|;"):
        raise ValueError("must not hold | or ;")
    return text


def _unique(values: tuple[str, ...]) -> tuple[str, ...]:
    if len({value.casefold() for value in values}) < len(values):
        raise ValueError("must not hold anything twice")
    return values


Slug = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,98}[a-z0-9])?$",
        examples=["algebra-1"],
        description="Its name in addresses and files: small letters, digits and -, unique in the organization.",
    ),
]
Title = Annotated[str, Field(min_length=1, max_length=200, examples=["Algebra 1"]), AfterValidator(plain_line)]
Summary = Annotated[
    str, Field(max_length=2000, examples=["Equations, from the beginning."]), AfterValidator(plain_text)
]
Subject = Annotated[str, Field(min_length=1, max_length=64, examples=["math"]), AfterValidator(_subject)]
LanguageTag = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35)]
Languages = Annotated[
    tuple[LanguageTag, ...],
    Field(max_length=MOST_LANGUAGES, examples=[["en"]], description="In which it is taught, the main one first."),
    AfterValidator(_unique),
]
PriceMinor = Annotated[
    int,
    Field(strict=True, ge=0, le=HIGHEST_PRICE_MINOR, examples=[4900], description="In minor units, such as cents."),
]
Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["EUR"], description="ISO 4217.")]
Body = Annotated[
    str,
    Field(max_length=LONGEST_BODY, examples=["A number is ..."], description="Of a text lesson: plain or Markdown."),
    AfterValidator(plain_text),
]
