"""What the dependencies of a route ask of a request and add to its answers, as the API's document tells it.

A dependency says so by attributes beside its `problems`: `permission` (a name or None), `required_header` (a name),
`answers_tagged` (true if successful answers carry an ETag) and `spares_answer` (true if 304 may be the answer).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from fastapi.dependencies.models import Dependant

Call = Callable[..., Any]

IF_MATCH = "if-match"
JSON, MERGE_PATCH = "application/json", "application/merge-patch+json"
TAG = "ETag"
TAG_HEADER: Mapping[str, Any] = {
    "description": "The version that is shown: for `If-Match` to change it, for `If-None-Match` to ask again.",
    "required": True,
    "schema": {"type": "string", "examples": ['"3"']},
}
_BODIES = ("200", "201")


def calls_of(dependant: Dependant) -> Iterator[Call]:
    """Return what a route depends on, at whatever depth."""
    if dependant.call is not None:
        yield dependant.call
    for part in dependant.dependencies:
        yield from calls_of(part)


def state_conditions(operation: dict[str, Any], calls: Iterable[Call]) -> None:
    """Write into an operation what its dependencies ask and answer, beside problems."""
    for call in calls:
        permission = getattr(call, "permission", None)
        if permission is not None:
            _permitted(operation, permission)
        header = getattr(call, "required_header", None)
        if header is not None:
            _required(operation["parameters"], header)
        if getattr(call, "answers_tagged", False):
            _tagged(operation["responses"])
        if getattr(call, "spares_answer", False):
            operation["responses"]["304"] = {"description": "You have what is current.", "headers": _tag()}


def state_merge_patch(patch: Mapping[str, Any]) -> None:
    """A change is a JSON Merge Patch (RFC 7396), under its own name or as any JSON."""
    content = patch.get("requestBody", {}).get("content", {})
    if JSON in content:
        content[MERGE_PATCH] = content[JSON]


def state_versions(item: Mapping[str, dict[str, Any]]) -> None:
    """Whoever has to name a version can read it at the same address."""
    asked = any(part["name"] == IF_MATCH for operation in item.values() for part in operation.get("parameters", ()))
    if asked and "get" in item:
        _tagged(item["get"]["responses"])


def _permitted(operation: dict[str, Any], permission: str) -> None:
    """OpenAPI 3.1 lists, for a scheme without scopes, what a caller must be allowed."""
    operation["security"] = [{name: [permission] for name in each} for each in operation["security"]]
    operation["description"] = f"{operation.get('description', '')}\n\nNeeds the permission `{permission}`.".strip()


def _required(parameters: Iterable[dict[str, Any]], name: str) -> None:
    """The endpoint itself refuses its absence, with a problem of its own; so it is optional to the framework alone."""
    for parameter in parameters:
        if parameter["in"] == "header" and parameter["name"] == name:
            parameter.update(required=True, schema={"type": "string"})


def _tagged(responses: dict[str, Any]) -> None:
    for status in _BODIES:
        if "content" in responses.get(status, {}):
            responses[status]["headers"] = {**responses[status].get("headers", {}), **_tag()}


def _tag() -> dict[str, Any]:
    return {TAG: {"$ref": f"#/components/headers/{TAG}"}}
