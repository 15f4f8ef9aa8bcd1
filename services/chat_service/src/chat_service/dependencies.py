"""What routes ask for: who is calling, and whether it is not too often."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from chat_service.caller import Caller
from chat_service.rates import Pace
from lyceum_web.provided import SERVICES
from lyceum_web.security import CurrentPrincipal, Principal


def caller_of(principal: Principal) -> Caller:
    """Return who is calling, as the domains know them."""
    return Caller(org_id=principal.org_id, user_id=principal.user_id)


async def _caller(principal: CurrentPrincipal) -> Caller:
    return caller_of(principal)


FromCaller = Annotated[Caller, Depends(_caller)]
"""Who is calling."""


class Paced:
    """Counts a request against one of the rates, before anything is looked up."""

    problems = ("rate_limited",)

    def __init__(self, count: Callable[[Pace, str], None]) -> None:
        self._count = count

    async def __call__(self, connection: HTTPConnection, principal: CurrentPrincipal) -> None:
        """Let the request pass.

        Raises:
            TooOften: there were too many.
        """
        pace: Pace = getattr(connection.state, SERVICES)[Pace]
        if pace.waits:
            await run_in_threadpool(self._count, pace, principal.user_id)
        else:
            self._count(pace, principal.user_id)


def reading() -> Any:
    """Declare, among a route's `dependencies`, that it reads."""
    return Depends(Paced(Pace.read))


def searching() -> Any:
    """Declare that it searches."""
    return Depends(Paced(Pace.search))


def writing() -> Any:
    """Declare that it writes messages."""
    return Depends(Paced(Pace.write))
