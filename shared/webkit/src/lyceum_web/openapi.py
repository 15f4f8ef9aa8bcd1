"""The API's document: every answer that a route can give, each problem with an example."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fastapi import FastAPI
from fastapi.routing import RouteContext, iter_route_contexts

from lyceum_program.errors import StartRefused
from lyceum_web.conditions import TAG, TAG_HEADER, calls_of, state_conditions, state_merge_patch, state_versions
from lyceum_web.correlation import HEADER as CORRELATION
from lyceum_web.problems.codes import CodeTable, ProblemCode
from lyceum_web.problems.rendering import MEDIA_TYPE, PAGES
from lyceum_web.problems.wire import Problem

EVERYWHERE = ("invalid_request", "internal_error", "unavailable", "database_unavailable", "overloaded", "timed_out")
"""What every route can answer: an address may hold text that nothing can store, and servers can be away."""

WITH_BODY = (
    "malformed_json",
    "bad_request",
    "request_timeout",
    "payload_too_large",
    "unsupported_media_type",
)
"""What a route whose method carries a body can answer besides."""

_HEADERS: Mapping[str, Any] = {
    CORRELATION: {
        "description": "The request's id: the caller's own, or a new one.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9._-]{1,64}$"},
    },
    "Retry-After": {"description": "Seconds to wait before the next try.", "schema": {"type": "integer", "minimum": 0}},
    "WWW-Authenticate": {"description": "How to sign in: RFC 6750.", "schema": {"type": "string"}},
    TAG: TAG_HEADER,
}
_HEADERS_OF: Mapping[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    409: ("Retry-After",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
_CODES = "x-problems"
_SCHEMA = "#/components/schemas/"


def problems(*codes: str) -> dict[int | str, dict[str, Any]]:
    """Declare, as a route's `responses`, which problems its endpoint itself answers with.

    Those of its dependencies, and those that every route has, need no mention.
    """
    return {"default": {_CODES: list(codes)}}


def codes_of(route: RouteContext) -> list[str]:
    """Return the codes of all problems that a route can answer with, without repetition."""
    responses: Mapping[Any, Mapping[str, Any]] = route.responses
    declared = [code for response in responses.values() for code in response.get(_CODES, ())]
    with_body = WITH_BODY if _BODY_METHODS & set(route.methods or ()) else ()
    needed = [code for call in calls_of(route.dependant) for code in getattr(call, "problems", ())]
    return list(dict.fromkeys([*declared, *needed, *with_body, *EVERYWHERE]))


def check_routes(application: FastAPI, codes: CodeTable) -> None:
    """Refuse routes that the document could not describe.

    Raises:
        StartRefused: two routes have one name, or one names a problem code that is not in the table.
    """
    names: dict[str, str] = {}
    for route in _described(application):
        label = f"{','.join(sorted(route.methods or ()))} {route.path}"
        unknown = [code for code in codes_of(route) if code not in codes]
        if unknown:
            raise StartRefused(f"{label} answers with problem {unknown[0]}, which is in no table: pass it as a code")
        other = names.setdefault(route.operation_id or route.unique_id, label)
        if other != label:
            raise StartRefused(f"{label} and {other} have one operationId: rename one of the two functions")


def _described(application: FastAPI) -> Iterator[RouteContext]:
    """The routes that have a place in the document."""
    for route in iter_route_contexts(application.routes):
        if hasattr(route, "dependant") and route.include_in_schema:
            yield route


def described(application: FastAPI, codes: CodeTable) -> Callable[[], dict[str, Any]]:
    """Return what makes the document, once."""
    plain = application.openapi

    def openapi() -> dict[str, Any]:
        if application.openapi_schema is None:
            application.openapi_schema = _completed(plain(), application, codes)
        return application.openapi_schema

    return openapi


def _completed(document: dict[str, Any], application: FastAPI, codes: CodeTable) -> dict[str, Any]:
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template=_SCHEMA + "{model}")
    schemas.update(problem.pop("$defs"), Problem=problem)
    components["headers"] = {**components.get("headers", {}), **_HEADERS}
    answers = components.setdefault("responses", {})
    for route in _described(application):
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            state_conditions(operation, calls_of(route.dependant))
            _describe(operation["responses"], [codes[code] for code in codes_of(route)], answers)
    for item in document["paths"].values():
        state_versions(item)
        state_merge_patch(item.get("patch", {}))
    return document


def _describe(responses: dict[str, Any], entries: Iterable[ProblemCode], answers: dict[str, Any]) -> None:
    for name in [name for name, response in responses.items() if _CODES in response]:
        del responses[name]
    if "HTTPValidationError" in str(responses.get("422")):
        del responses["422"]
    by_status: dict[int, list[ProblemCode]] = {}
    for entry in entries:
        by_status.setdefault(entry.status, []).append(entry)
    for status, group in sorted(by_status.items()):
        name = f"problem_{status}_" + "_".join(sorted(entry.code for entry in group))
        answers.setdefault(name, _answer(group))
        responses[str(status)] = {"$ref": f"#/components/responses/{name}"}
    for response in responses.values():
        if "$ref" not in response:
            response["headers"] = {**response.get("headers", {}), **_headers(CORRELATION)}


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _answer(group: list[ProblemCode]) -> dict[str, Any]:
    return {
        "description": "; or ".join(dict.fromkeys(entry.title for entry in group)),
        "headers": _headers(CORRELATION, *_HEADERS_OF.get(group[0].status, ())),
        "content": {
            MEDIA_TYPE: {
                "schema": {"$ref": f"{_SCHEMA}Problem"},
                "examples": {entry.code: {"summary": entry.title, "value": _example(entry)} for entry in group},
            }
        },
    }


def _example(entry: ProblemCode) -> dict[str, Any]:
    example: dict[str, Any] = {
        "type": f"{PAGES}/{entry.code}",
        "title": entry.title,
        "status": entry.status,
        "detail": entry.advice,
        "instance": "/v1/example",
        "code": entry.code,
        "correlation_id": "01990b4e-8d3c-7a51-9e2f-3c4d5e6f7a8b",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }
    if entry.code == "invalid_request":
        example["errors"] = [{"pointer": "/body/email", "code": "missing", "message": "Field required"}]
    return example
