"""Routes that are allowed more, or less, than all others: an upload takes longer and is larger than a form."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from fastapi.routing import RouteContext
from starlette.types import Scope

from lyceum_web.limits.patience import Patience

F = TypeVar("F", bound=Callable[..., Any])
_MARK = "lyceum_allowed"


@dataclass(frozen=True, slots=True)
class Allowed:
    """What one route says of itself.

    Attributes:
        body_bytes: of one body; None for what all routes have.
        body_values: of one JSON body; None for what all routes have.
        seconds: until the answer begins; None for what all routes have.
        any_json: whether a JSON body is handed on as it came.
    """

    body_bytes: int | None
    body_values: int | None
    seconds: float | None
    any_json: bool


def allowing(
    *,
    body_bytes: int | None = None,
    body_values: int | None = None,
    seconds: float | None = None,
    any_json: bool = False,
) -> Callable[[F], F]:
    """Give an endpoint limits of its own.

    Example:
        @router.put("/media/{media_id}/parts/{number}", dependencies=[requires("media:write")])
        @allowing(body_bytes=16 * 1024 * 1024, seconds=300)
        async def put_part(...): ...

    Args:
        body_bytes: of one body, at most.
        body_values: of one JSON body, at most.
        seconds: until the answer begins, at most.
        any_json: for an endpoint that reads the bytes itself, to verify a signature for one: what a JSON body holds is
            its own business then, only the bytes are counted.
    """

    def mark(endpoint: F) -> F:
        setattr(endpoint, _MARK, Allowed(body_bytes, body_values, seconds, any_json))
        return endpoint

    return mark


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a request may take."""

    body_bytes: int
    body_values: int
    patience: Patience
    any_json: bool = False


class Allowances:
    """What the requests of one application may take.

    Args:
        routes: the application's; those that are marked have an allowance of their own.
        body_bytes: of one body, for all others.
        body_values: of one JSON body, for all others.
        seconds: until the answer begins, for all others.
    """

    def __init__(self, routes: Iterable[RouteContext], *, body_bytes: int, body_values: int, seconds: float) -> None:
        self._usual = Allowance(body_bytes, body_values, Patience(seconds))
        self._special: list[tuple[Callable[[str], object], frozenset[str], Allowance]] = []
        for route in routes:
            allowed: Allowed | None = getattr(route.endpoint, _MARK, None)
            if allowed is not None:
                special = Allowance(
                    allowed.body_bytes or body_bytes,
                    allowed.body_values or body_values,
                    Patience(allowed.seconds or seconds),
                    allowed.any_json,
                )
                self._special.append((route.path_regex.match, frozenset(route.methods or ()), special))

    def of(self, scope: Scope) -> Allowance:
        """Return what this request may take."""
        for matches, methods, allowance in self._special:
            if scope["method"] in methods and matches(scope["path"]):
                return allowance
        return self._usual
