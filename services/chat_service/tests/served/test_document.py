"""The API's document says everything that a client has to know."""

import re
from typing import Any

import httpx
import pytest

from chat_service.problems import CODES, ERRORS
from chat_service.wire import MESSAGE_BODY
from lyceum_web.problems import KIT_CODES
from lyceum_web.security import undeclared
from lyceum_web.testing import document_faults

from .stage import Stage

ROUTES = {
    "GET /v1/conversations",
    "GET /v1/conversations/{conversation_id}",
    "PUT /v1/conversations/{conversation_id}/read",
    "GET /v1/conversations/{conversation_id}/messages",
    "POST /v1/conversations/{conversation_id}/messages",
    "GET /v1/messages",
    "GET /v1/messages/{message_id}",
    "PATCH /v1/messages/{message_id}",
    "DELETE /v1/messages/{message_id}",
}


@pytest.fixture
def document(stage: Stage) -> dict[str, Any]:
    return stage.application().openapi()


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def test_it_has_every_route_and_no_other(document: dict[str, Any]) -> None:
    assert set(operations(document)) == ROUTES


def test_every_route_says_who_may_call_it_and_none_is_public(stage: Stage, document: dict[str, Any]) -> None:
    assert [line for line in undeclared(stage.application()) if "/v1" in line] == []
    assert all(one.get("security") for one in operations(document).values())


def test_nothing_that_a_reader_needs_is_missing(stage: Stage) -> None:
    assert document_faults(stage.application()) == []


def test_every_route_may_be_called_too_often(document: dict[str, Any]) -> None:
    assert {label for label, one in operations(document).items() if "429" not in one["responses"]} == set()


def test_no_body_may_be_larger_than_it_has_to_be(stage: Stage, client: httpx.Client, document: dict[str, Any]) -> None:
    taking = [label for label, operation in operations(document).items() if "requestBody" in operation]
    assert len(taking) == 3
    for label in taking:
        method, path = label.split()
        answer = client.request(
            method, re.sub("{.*?}", "x", path), json={"x": "y" * MESSAGE_BODY}, headers=stage.headers("ada")
        )
        assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large"), label


def test_the_table_of_problems_covers_every_refusal() -> None:
    known = {code.code for code in (*CODES, *KIT_CODES)}

    assert set(ERRORS.values()) <= known
    assert {code.code for code in CODES} <= set(ERRORS.values()), "no code is unused"
