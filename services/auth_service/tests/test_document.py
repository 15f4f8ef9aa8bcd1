"""The API's document says everything that a client has to know."""

import re
from typing import Any

import httpx
import pytest

from auth_service.problems import CODES, ERRORS
from lyceum_web.problems import KIT_CODES
from lyceum_web.security import undeclared
from lyceum_web.testing import document_faults

ROUTES = {
    "POST /v1/signup",
    "GET /v1/me",
    "PATCH /v1/me",
    "PUT /v1/me/password",
    "POST /v1/login",
    "POST /v1/token-refreshes",
    "POST /v1/logout",
    "GET /v1/sessions",
    "DELETE /v1/sessions",
    "DELETE /v1/sessions/{session_id}",
    "GET /v1/users",
    "GET /v1/users/{user_id}",
    "PATCH /v1/users/{user_id}",
    "GET /v1/roles",
    "POST /v1/roles",
    "GET /v1/roles/{role_id}",
    "PATCH /v1/roles/{role_id}",
    "GET /v1/organizations",
    "POST /v1/organizations",
    "GET /v1/organizations/{organization_id}",
    "PATCH /v1/organizations/{organization_id}",
    "GET /v1/invitations",
    "POST /v1/invitations",
    "GET /v1/invitations/{invitation_id}",
    "DELETE /v1/invitations/{invitation_id}",
    "POST /v1/invitations/{token}/acceptance",
    "GET /v1/audit-entries",
    "GET /.well-known/jwks.json",
}
PUBLIC = {
    "POST /v1/signup",
    "POST /v1/login",
    "POST /v1/token-refreshes",
    "POST /v1/invitations/{token}/acceptance",
    "GET /.well-known/jwks.json",
}


@pytest.fixture
def document(stage: Any) -> dict[str, Any]:
    found: dict[str, Any] = stage.application().openapi()
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def test_it_has_every_route_and_no_other(document: dict[str, Any]) -> None:
    assert set(operations(document)) == ROUTES


def test_every_route_says_who_may_call_it(stage: Any, document: dict[str, Any]) -> None:
    application = stage.application()
    own = [line for line in undeclared(application) if "/v1" in line or "well-known" in line]

    assert own == []
    assert {label for label, one in operations(document).items() if not one.get("security")} == PUBLIC


def test_nothing_that_a_reader_needs_is_missing(stage: Any) -> None:
    assert document_faults(stage.application()) == []


def test_secrets_are_write_only(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]
    for name, schema in schemas.items():
        for field, described in schema.get("properties", {}).items():
            if re.search("password$", field):
                assert described.get("writeOnly"), f"{name}.{field}"


def test_no_body_may_be_larger_than_it_has_to_be(client: httpx.Client, document: dict[str, Any]) -> None:
    taking = [label for label, operation in operations(document).items() if "requestBody" in operation]
    assert len(taking) == 12
    for label in taking:
        method, path = label.split()
        answer = client.request(method, re.sub("{.*?}", "x", path), json={"x": "y" * 32 * 1024})
        assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large"), label


def test_the_table_of_problems_covers_every_refusal() -> None:
    known = {code.code for code in (*CODES, *KIT_CODES)}

    assert set(ERRORS.values()) <= known
    assert {code.code for code in CODES} <= set(ERRORS.values()), "no code is unused"
