"""Which routes do not say what they ask of their callers."""

from collections.abc import Collection, Iterator

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from lyceum_web.security.authentication import authenticate
from lyceum_web.security.permissions import Access, Public


def access_of(route: RouteContext) -> list[Access]:
    """Return what a route declares of itself and by the routers that it came by; exactly one thing if all is well."""
    dependant = getattr(route, "dependant", None)
    calls = [] if dependant is None else [part.call for part in dependant.dependencies]
    return [call for call in calls if isinstance(call, Access)]


def undeclared(application: FastAPI, *, exempt: Collection[str] = ()) -> list[str]:
    """Return a line for each route of which it is not plain who may call it, with what to do about it.

    Args:
        application: whose routes are looked at.
        exempt: paths that the kit serves itself and that everybody may read.
    """
    return [line for route in iter_route_contexts(application.routes) for line in _problems(route, exempt)]


def _problems(route: RouteContext, exempt: Collection[str]) -> Iterator[str]:
    if route.path in exempt:
        return
    label = f"{','.join(sorted(route.methods or ())) or 'ANY'} {route.path}"
    rules = access_of(route)
    if not rules:
        yield f"{label} declares no permission: add requires('noun:verb'), requires_login() or public()"
    elif len(rules) > 1:
        yield f"{label} declares {len(rules)} rules of access: keep one, on the route or on its router"
    elif isinstance(rules[0], Public) and _asks_who(route):
        yield f"{label} is public and asks who is calling: declare requires_login(), or drop CurrentPrincipal"


def _asks_who(route: RouteContext) -> bool:
    return any(part.call is authenticate for part in route.dependant.dependencies)
