"""The kinds of values that requests and answers carry. What is not allowed is refused before anything is looked up."""

import unicodedata
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from lyceum_web.schemas import check_marks

SMALL_BODY = 4 * 1024
"""Bytes. A watermark has a hundredth of it."""

MESSAGE_BODY = 128 * 1024
"""Bytes. The longest message, every character spelled as an escape of a pair of surrogates, has 120 000."""

LONGEST_MESSAGE = 10_000
"""Characters."""

_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})
"""Unicode's categories of what leaves no mark of its own."""

LONGEST_QUERY = 200
"""Characters that somebody searches for."""

_ID = r"^[A-Za-z0-9_-]{1,64}$"

Id = Annotated[str, Field(pattern=_ID, examples=["0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5a"])]


def _visible(text: str) -> str:
    check_marks(text)
    if all(unicodedata.category(character) in _UNSEEN for character in text):
        raise ValueError("must hold something that can be seen")
    return text


ClientId = Annotated[
    str,
    Field(
        pattern=_ID,
        examples=["phone-7f3a-41"],
        description="Chosen by you, new for each message; sent again, it is the same message for ever.",
    ),
]
Body = Annotated[
    str,
    Field(min_length=1, max_length=LONGEST_MESSAGE, examples=["Is Friday at five all right?"]),
    AfterValidator(_visible),
]
Seq = Annotated[int, Field(ge=0, le=2**53 - 1, examples=[42])]
"""The number of a message in its conversation; all programs can hold it exactly (RFC 7493)."""

ShownId = Annotated[str, Field(examples=["0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5a"])]
ShownSeq = Annotated[int, Field(examples=[42])]
ShownMoment = Annotated[datetime, Field(examples=["2026-01-31T09:30:00Z"])]
