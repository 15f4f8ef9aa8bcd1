"""Whether a service is alive and ready, for those who run containers: `GET /livez` and `GET /readyz`."""

from collections.abc import Callable, Collection, Sequence
from itertools import count
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from lyceum_web.consuming import Consumer
from lyceum_web.database_watch import DatabaseWatch
from lyceum_web.parts import Part

LIVEZ = "/livez"
READYZ = "/readyz"

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "lyceum_needs_no_database"


class Health:
    """What is known about a service's standing.

    Attributes:
        stopping: whether a stop was asked for, or something ended that must not end.

    Args:
        database: None for a service that stores nothing.
        parts: what runs beside; a part that is not ready makes the service no less ready, only degraded.
        consumers: the same, for what reads topics; one that stands still asks for a restart.
    """

    def __init__(
        self, database: DatabaseWatch | None, parts: Sequence[Part], consumers: Sequence[Consumer] = ()
    ) -> None:
        self.stopping = False
        self._database = database
        self._consumers = tuple(consumers)
        self._parts = (*parts, *consumers)
        self._told: list[Callable[[], None]] = []

    def when_stopping(self, callback: Callable[[], None]) -> None:
        """Have this called on the loop, once, as soon as a stop is asked for: requests that run are still answered."""
        self._told.append(callback)

    def begin_stopping(self) -> None:
        """Be ready no more, and tell whoever wants to know."""
        if not self.stopping:
            self.stopping = True
            for callback in self._told:
                callback()

    @property
    def stuck(self) -> str:
        """Why this process has to be started anew; empty while it need not."""
        names = ", ".join(consumer.name for consumer in self._consumers if not consumer.alive)
        return names and f"the poll task of {names} stands still"

    @property
    def ready(self) -> bool:
        """Whether requests should be sent here."""
        return not self.stopping and (self._database is None or self._database.ready)

    @property
    def closed(self) -> str | None:
        """Why no request that needs the database can succeed now; None if it may."""
        database = self._database
        return None if database is None or not database.away else database.why_unready

    def report(self) -> dict[str, Any]:
        """Say what is ready and what is not."""
        found: dict[str, Any] = {} if self._database is None else {"database": _line(self._database)}
        for part in self._parts:
            name = f"{type(part).__name__} {getattr(part, 'name', '')}".strip()
            found[_free_name(name, found)] = _line(part)
        degraded = not all(part.ready for part in self._parts)
        status = ("degraded" if degraded else "ready") if self.ready else "unavailable"
        return {"status": status, "stopping": self.stopping, "checks": found}


def _free_name(name: str, taken: Collection[str]) -> str:
    """A service may have several parts of one kind."""
    if name not in taken:
        return name
    return next(numbered for number in count(2) if (numbered := f"{name} {number}") not in taken)


def _line(part: Part | DatabaseWatch) -> dict[str, Any]:
    return {"ready": True} if part.ready else {"ready": False, "why": part.why_unready}


def health_routes(health: Health) -> list[Route]:
    """The two pages."""

    async def livez(_: Request) -> JSONResponse:
        why = health.stuck
        return JSONResponse({"status": "unavailable", "why": why}, 503) if why else JSONResponse({"status": "alive"})

    async def readyz(_: Request) -> JSONResponse:
        return JSONResponse(health.report(), 200 if health.ready else 503, {"Cache-Control": "no-store"})

    return [Route(LIVEZ, livez, include_in_schema=False), Route(READYZ, readyz, include_in_schema=False)]


def needs_no_database(endpoint: F) -> F:
    """Mark an endpoint that is answered while the database is away too; its path must have no parameters."""
    setattr(endpoint, _MARK, True)
    return endpoint


def is_marked(endpoint: Callable[..., Any] | None) -> bool:
    """Tell whether an endpoint is marked by `needs_no_database`."""
    return getattr(endpoint, _MARK, False)
