"""The kinds of text that requests carry. What is not allowed is refused before anything is looked up."""

import zoneinfo
from datetime import datetime
from functools import cache
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from auth_service import addresses
from auth_service.passwords import policy
from lyceum_web.schemas import plain_line

SMALL_BODY = 16 * 1024
"""Bytes. The longest sign-up, every character spelled as an escape, has half of it; strangers get no more."""

MEDIUM_BODY = 32 * 1024
"""Bytes. The longest role has less than half of it."""


def _line(text: str) -> str:
    return plain_line(text) if text else text


@cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _zone(text: str) -> str:
    if text not in _zones():
        raise ValueError("is no time zone of the IANA database, such as Europe/Berlin")
    return text


EmailAddress = Annotated[
    str, Field(min_length=3, max_length=254, examples=["ada@example.org"]), AfterValidator(addresses.canonical)
]
"""The address of somebody new."""

SignInName = Annotated[str, Field(min_length=1, max_length=320, examples=["ada@example.org"])]
"""An address to sign in with: any text, as what is wrong with it must not show."""

NewPassword = Annotated[
    SecretStr,
    Field(min_length=policy.SHORTEST, max_length=policy.LONGEST, examples=["violet harbour 9"]),
]
"""A password to be; the policy looks at it once more."""

Password = Annotated[SecretStr, Field(min_length=1, max_length=policy.LONGEST, examples=["violet harbour 9"])]
"""A password to compare."""

Name = Annotated[str, Field(min_length=1, max_length=200, examples=["Ada Lovelace"]), AfterValidator(plain_line)]
Reason = Annotated[str, Field(max_length=200, examples=["left the school"]), AfterValidator(_line)]
Locale = Annotated[str, Field(pattern=r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$", max_length=35, examples=["en-GB"])]
TimeZone = Annotated[str, Field(min_length=1, max_length=64, examples=["Europe/London"]), AfterValidator(_zone)]
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$", examples=["0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5a"])]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", examples=["north-school"])]
RoleName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,63}$", examples=["tutor"])]
Permission = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_-]*:[a-z][a-z0-9_-]*$", max_length=128, examples=["courses:read"])
]
ShownId = Annotated[str, Field(examples=["0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5a"])]
ShownMoment = Annotated[datetime, Field(examples=["2026-01-31T09:30:00Z"])]
ShownEmail = Annotated[str, Field(examples=["ada@example.org"])]
ShownName = Annotated[str, Field(examples=["Ada Lovelace"])]
ShownSlug = Annotated[str, Field(examples=["north-school"])]
ShownRoles = Annotated[list[str], Field(examples=[["student"]], description="Names of roles.")]
ShownPermissions = Annotated[list[str], Field(examples=[["courses:read"]])]
ShownUserStatus = Annotated[str, Field(examples=["active"], description="invited, active, locked, suspended or erased")]
ShownAddress = Annotated[str, Field(examples=["192.0.2.7"])]
