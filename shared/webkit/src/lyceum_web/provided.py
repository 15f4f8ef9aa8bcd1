"""How an endpoint gets hold of what was built at start."""

from typing import Any, TypeVar

from fastapi import Depends, Request

T = TypeVar("T")

SERVICES = "services"
"""Where the lifespan's state keeps them, by class."""


def provided(kind: type[T]) -> Any:
    """Ask for the one instance of a class that the service's `state` yielded under `services`."""

    async def find(request: Request) -> T:
        found: T = getattr(request.state, SERVICES)[kind]
        return found

    return Depends(find)
