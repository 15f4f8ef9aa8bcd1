"""What FastAPI and Starlette raise, as problems."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from lyceum_program.environment import in_characters
from lyceum_web.problems.answers import Answers
from lyceum_web.problems.error import FieldError, ProblemError
from lyceum_web.problems.pointers import MOST_ERRORS, counted, pointer

MOST_CHARACTERS = 300
"""Of one message; a validator of a service may have quoted more."""

_BY_STATUS: Mapping[int, str] = {
    HTTPStatus.UNAUTHORIZED: "unauthenticated",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not_found",
    HTTPStatus.METHOD_NOT_ALLOWED: "method_not_allowed",
    HTTPStatus.REQUEST_TIMEOUT: "request_timeout",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "payload_too_large",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "unsupported_media_type",
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid_request",
    HTTPStatus.TOO_MANY_REQUESTS: "rate_limited",
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable",
}


def handle_errors(application: FastAPI, answers: Answers) -> None:
    """Answer every error of the application's routes with a problem."""

    async def answer(request: Request, exc: Exception) -> Response:
        return answers.to(request.scope, exc)

    async def framework(request: Request, exc: Exception) -> Response:
        error = _from_framework(exc)
        if error.code == "method_not_allowed":
            error = ProblemError(error.code, headers={"Allow": ", ".join(_methods(application, request.scope["path"]))})
        return answers.to(request.scope, error)

    application.add_exception_handler(ProblemError, answer)
    for kind in answers.errors:
        application.add_exception_handler(kind, answer)
    application.add_exception_handler(HTTPException, framework)
    application.add_exception_handler(RequestValidationError, framework)


def _from_framework(exc: Exception) -> ProblemError:
    if isinstance(exc, RequestValidationError):
        return invalid(exc.errors(), unread=isinstance(exc.body, bytes) and bool(exc.body))
    assert isinstance(exc, HTTPException)  # noqa: S101 - registered for these two only
    if exc.status_code in _BY_STATUS:
        return ProblemError(_BY_STATUS[HTTPStatus(exc.status_code)], headers=exc.headers)
    if exc.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return ProblemError("internal_error")
    return ProblemError("bad_request", headers=exc.headers)


def _methods(application: FastAPI, path: str) -> list[str]:
    """Every method of an address, as RFC 9110, 15.5.6, asks for: the framework names those of one route."""
    routes = (route for route in iter_route_contexts(application.routes) if route.methods)
    methods = {method for route in routes if route.path_regex.match(path) for method in route.methods or ()}
    return sorted(methods | {"HEAD"} if "GET" in methods else methods)


def invalid(errors: Sequence[Any], *, unread: bool = False) -> ProblemError:
    """Say what is wrong with which value, without repeating any.

    Args:
        errors: as pydantic lists them.
        unread: the body stayed bytes, since its content type is not one that the route reads.
    """
    if unread:
        return ProblemError("unsupported_media_type")
    if any(error["type"] == "json_invalid" for error in errors):
        return ProblemError("malformed_json")
    listed = [_field_error(error) for error in errors[:MOST_ERRORS]]
    return ProblemError("invalid_request", detail=counted(len(errors)), errors=listed)


def _field_error(error: Mapping[str, Any]) -> FieldError:
    message = in_characters(error).removeprefix("Value error, ")[:MOST_CHARACTERS]
    return FieldError(pointer(*error["loc"]), str(error["type"]), message)
