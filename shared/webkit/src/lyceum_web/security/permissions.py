"""What a route asks of its caller, declared where the route is."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase
from starlette.requests import HTTPConnection

from lyceum_web.security.authentication import authenticate
from lyceum_web.security.errors import Forbidden
from lyceum_web.security.principal import Principal

PERMISSION = re.compile(r"\A[a-z][a-z0-9_-]*:[a-z][a-z0-9_-]*\Z")
"""`noun:verb`, e.g. `courses:write`."""


class Access:
    """What one route asks of its caller. FastAPI calls it before the endpoint, the start-up check reads it."""


@dataclass(frozen=True, eq=False)  # FastAPI hashes them with every request
class Public(Access):
    """Nothing: anybody may call."""

    async def __call__(self) -> None:
        """Let everybody in."""


@dataclass(frozen=True, eq=False)
class SignedIn(Access, SecurityBase):
    """A sign-in that still counts and, unless that is None, a permission. A security scheme of the API's document."""

    permission: str | None = None

    model = HTTPBearer(bearerFormat="JWT", description="An access token, as POST /v1/login gives it.")
    scheme_name = "accessToken"

    @property
    def problems(self) -> tuple[str, ...]:
        """Codes with which it may end a request."""
        codes = ("unauthenticated", "invalid_token", "unavailable", "database_unavailable")
        return codes if self.permission is None else (*codes, "forbidden")

    async def __call__(self, connection: HTTPConnection) -> Principal:
        """Return who is calling.

        Raises:
            AccessError: nobody who may.
        """
        principal = await authenticate(connection)
        if self.permission is not None and self.permission not in principal.permissions:
            raise Forbidden(self.permission)
        return principal


def requires(permission: str) -> Any:
    """Declare, among a route's or router's `dependencies`, that callers need this permission.

    Raises:
        ValueError: it is not of the form `noun:verb`.
    """
    if PERMISSION.match(permission) is None:
        raise ValueError(f"permission {permission!r}: give noun:verb in lower case, e.g. courses:write")
    return Depends(SignedIn(permission))


def requires_login() -> Any:
    """Declare that callers have to be signed in, whoever they are."""
    return Depends(SignedIn())


def public() -> Any:
    """Declare that anybody may call."""
    return Depends(Public())


CurrentPrincipal = Annotated[Principal, Depends(authenticate)]
"""Who is calling, as an endpoint's parameter."""
