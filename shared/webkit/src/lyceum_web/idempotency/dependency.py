"""Idempotency keys, as an endpoint's parameter."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.requests import Request
from starlette.responses import Response

from lyceum_database.keys import compose
from lyceum_web.idempotency.outcomes import Effect, Outcomes
from lyceum_web.idempotency.request import KeyedRequest, content_of, key_in
from lyceum_web.idempotency.request_key import KeyHeader
from lyceum_web.security.authentication import principal_in

_NONE = Dependant()


@dataclass(frozen=True, slots=True)
class Once:
    """A request that has one effect, however often it is sent."""

    outcomes: Outcomes
    request: KeyedRequest
    user_id: str | None

    def run(self, effect: Effect, *, existing: Effect | None = None) -> Response:
        """Return what the effect answers, or what it answered to this key before; see `Outcomes.run`.

        Example:
            return once.run(
                lambda course_id: answer(courses.create(course_id, body)),
                existing=lambda course_id: answer(courses.get(course_id)),
            )
        """
        return self.outcomes.run(self.request, effect, user_id=self.user_id, existing=existing)


class _OnePerKey:
    problems = ("idempotency_key_required", "idempotency_key_in_use", "idempotency_key_reused", "bad_request")
    required_header = "idempotency-key"

    async def __call__(self, request: Request, idempotency_key: KeyHeader = None) -> Once:  # noqa: ARG002 - see KeyHeader
        scope = request.scope
        key = key_in(scope["headers"])
        principal = principal_in(scope)
        keyed = KeyedRequest(
            caller=_caller(request),
            route=f"{request.app.title} {request.method} {scope['path']}",
            key=key,
            content=content_of(scope["query_string"], await request.body()),
        )
        return Once(request.app.state.outcomes, keyed, None if principal is None else principal.user_id)


Idempotent = Annotated[Once, Depends(_OnePerKey())]
"""Required `Idempotency-Key`, as the parameter of an endpoint that creates or pays: `once.run(...)`.

Not for answers that hold secrets, such as tokens: they are stored. See `RequestKey`.
"""


def keyed_routes(application: FastAPI) -> list[str]:
    """Return the routes that take idempotency keys, and so need `IdempotencyRecord` among the application's models."""
    return [
        f"{','.join(sorted(route.methods or ()))} {route.path}"
        for route in iter_route_contexts(application.routes)
        if any(isinstance(part.call, _OnePerKey) for part in getattr(route, "dependant", _NONE).dependencies)
    ]


def _caller(request: Request) -> str:
    principal = principal_in(request.scope)
    if principal is not None:
        return compose("user", principal.org_id, principal.user_id)
    return compose("address", request.client.host if request.client else "")
