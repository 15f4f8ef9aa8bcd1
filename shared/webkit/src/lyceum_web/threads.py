"""Plain endpoints run in a thread, and what they return is written on the loop.

FastAPI goes to a thread a second time for that: of an endpoint that answers in no time it is the greatest cost. Wire
schemas are plain values, so nothing is loaded or waited for while they are written.
"""

from collections.abc import Callable
from functools import wraps
from inspect import isasyncgenfunction, iscoroutinefunction, isgeneratorfunction
from typing import Any

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

_THREADED = "__lyceum_threaded__"


def run_in_threads(router: APIRouter) -> None:
    """Let the plain endpoints of a router, and of those that it includes, go to a thread once. Safe to repeat."""
    for route in router.routes:
        included = getattr(route, "original_router", None)
        if isinstance(included, APIRouter):
            run_in_threads(included)
        elif isinstance(route, APIRoute) and _is_plain(route.endpoint):
            route.endpoint = _threaded(route.endpoint)


def _is_plain(endpoint: Callable[..., Any]) -> bool:
    awaits = iscoroutinefunction(endpoint) or iscoroutinefunction(getattr(endpoint, "__call__", None))  # noqa: B004 - an object's own
    yields = isgeneratorfunction(endpoint) or isasyncgenfunction(endpoint)
    return not (awaits or yields or hasattr(endpoint, _THREADED))


def _threaded(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(endpoint)
    async def threaded(*args: Any, **values: Any) -> Any:
        return await run_in_threadpool(endpoint, *args, **values)

    setattr(threaded, _THREADED, True)
    return threaded
