"""Which of an application's routes a request is for, by the template of its path."""

from collections.abc import Callable, Iterable
from typing import Any

from fastapi.routing import RouteContext
from starlette.types import Scope


class Templates:
    """The templates of these routes, e.g. `/v1/courses/{course_id}`."""

    def __init__(self, routes: Iterable[RouteContext]) -> None:
        self._routes = [route for route in routes if route.endpoint is not None]
        self._by_endpoint: dict[Callable[..., Any], list[RouteContext]] = {}
        for route in self._routes:
            self._by_endpoint.setdefault(route.endpoint, []).append(route)  # type: ignore[arg-type] # never None, see above

    def of(self, scope: Scope) -> str | None:
        """Return the template of the route that a request was given to, or would have been; None if there is none."""
        endpoint = scope.get("endpoint")
        routes = self._routes if endpoint is None else self._by_endpoint.get(endpoint, [])
        if len(routes) > 1:
            routes = [route for route in routes if route.path_regex.match(scope["path"])]
        return routes[0].path if routes else None
