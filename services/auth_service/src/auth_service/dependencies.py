"""What routes ask for: the services that were built at start, and where the request came from."""

import ipaddress
from typing import Annotated

from fastapi import Depends, Request

from auth_service.callers import Caller

LONGEST_USER_AGENT = 512


async def _caller(request: Request) -> Caller:
    agent = request.headers.get("user-agent")
    return Caller(
        address=None if request.client is None else _address(request.client.host),
        user_agent=None if agent is None else agent[:LONGEST_USER_AGENT],
    )


def _address(host: str) -> str | None:
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        return None


FromCaller = Annotated[Caller, Depends(_caller)]
"""Where the request came from."""
