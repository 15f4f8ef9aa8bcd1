"""The kinds of values that requests and answers carry. What is not allowed is refused before anything is looked up."""

import unicodedata
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

_CONTROL = frozenset({"Cc", "Cs", "Cn", "Zl", "Zp"})


class Request(BaseModel):
    """A request's body: what it does not know it refuses, by name."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Answer(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(frozen=True)


def _line(text: str) -> str:
    text = unicodedata.normalize("NFC", text).strip()
    if not text:
        raise ValueError("must not be blank")
    if any(unicodedata.category(character) in _CONTROL for character in text):
        raise ValueError("must not hold control characters")
    return text


Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", examples=["0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5a"])]
Reason = Annotated[str, Field(min_length=1, max_length=500, examples=["moved to another city"]), AfterValidator(_line)]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35, examples=["en"])]
ShownId = Annotated[str, Field(examples=["0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5a"])]
ShownText = Annotated[str, Field(examples=["Algebra"])]
ShownLanguage = Annotated[str, Field(examples=["en"])]
ShownMoment = Annotated[datetime, Field(examples=["2026-01-31T09:30:00Z"])]
ShownAmount = Annotated[int, Field(examples=[4900], description="In minor units of the currency, such as cents.")]
ShownCurrency = Annotated[str, Field(examples=["EUR"], description="ISO 4217.")]
