"""The kinds of values that requests and answers carry. What is not allowed is refused before anything is looked up."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

from lyceum_web.schemas import plain_line

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", examples=["0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5a"])]
Reason = Annotated[
    str, Field(min_length=1, max_length=500, examples=["moved to another city"]), AfterValidator(plain_line)
]
Language = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35, examples=["en"])]
ShownId = Annotated[str, Field(examples=["0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5a"])]
ShownText = Annotated[str, Field(examples=["Algebra"])]
ShownLanguage = Annotated[str, Field(examples=["en"])]
ShownMoment = Annotated[datetime, Field(examples=["2026-01-31T09:30:00Z"])]
ShownAmount = Annotated[int, Field(examples=[4900], description="In minor units of the currency, such as cents.")]
ShownCurrency = Annotated[str, Field(examples=["EUR"], description="ISO 4217.")]
