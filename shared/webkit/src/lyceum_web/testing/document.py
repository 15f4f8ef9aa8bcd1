"""What an API's document owes its readers, beyond being valid."""

from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import FastAPI

Node = Mapping[str, Any]


def document_faults(application: FastAPI) -> list[str]:
    """Return a line for everything that a reader would miss: examples, words, and closed request bodies.

    - every operation says what it does
    - every request body, every successful answer and every problem comes with an example: one of its own, or one for
      each of its properties
    - a request body names all of its properties: what nobody knows of is refused, not ignored
    """
    document = application.openapi()
    return [line for label, operation in _operations(document) for line in _faults(document, label, operation)]


def _operations(document: Node) -> Iterator[tuple[str, Node]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield f"{method.upper()} {path}", operation


def _faults(document: Node, label: str, operation: Node) -> Iterator[str]:
    if not operation.get("description"):
        yield f"{label} has no description: give its function a docstring"
    body = _resolved(document, operation.get("requestBody", {}))
    for kind, media in body.get("content", {}).items():
        if not _has_example(document, media):
            yield f"{label} takes {kind} without an example: give its properties `examples`"
        if _is_open(document, media):
            yield f"{label} takes properties that nobody knows: give the schema `extra='forbid'`"
    for status, response in operation["responses"].items():
        for kind, media in _resolved(document, response).get("content", {}).items():
            if not _has_example(document, media):
                yield f"{label} answers {status} ({kind}) without an example: give its properties `examples`"


def _resolved(document: Node, node: Node) -> Node:
    while "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


def _has_example(document: Node, media: Node) -> bool:
    return bool(media.get("examples") or media.get("example")) or _shows(document, media.get("schema", {}), ())


def _shows(document: Node, schema: Node, seen: tuple[str, ...]) -> bool:
    """Whether an example can be made of a schema."""
    reference = schema.get("$ref", "")
    if reference in seen:
        return True
    schema, seen = _resolved(document, schema), (*seen, reference) if reference else seen
    if any(name in schema for name in ("example", "examples", "const", "enum", "default")):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        return all(_shows(document, each, seen) for each in schema.get("properties", {}).values())
    if schema.get("type") == "array":
        return _shows(document, schema.get("items", {}), seen)
    choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf") or ()
    return any(_shows(document, each, seen) for each in choices) or schema.get("type") in ("boolean", "null")


def _is_open(document: Node, media: Node) -> bool:
    schema = _resolved(document, media.get("schema", {}))
    return "properties" in schema and schema.get("additionalProperties") is not False
