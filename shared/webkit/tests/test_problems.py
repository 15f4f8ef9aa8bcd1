"""Every answer that is no success is a problem."""

from collections.abc import Iterator
from typing import Annotated

import pytest
from fastapi import APIRouter
from httpx import Client
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from lyceum_database import Unavailable
from lyceum_web.application import create_application
from lyceum_web.problems import ProblemCode, ProblemError
from lyceum_web.security import public
from lyceum_web.settings import WebSettings
from lyceum_web.testing import Callers, application_client

router = APIRouter(prefix="/v1/ovens", dependencies=[public()])


class Burnt(Exception):  # noqa: N818 - answers "what happened?"
    pass


class Oven(BaseModel):
    model_config = ConfigDict(extra="forbid")
    degrees: int
    key: Annotated[SecretStr, Field(min_length=4, max_length=20)] | None = None


@router.post("")
def heat(oven: Oven) -> Oven:
    return oven


@router.put("", status_code=204)
def cool() -> None: ...


@router.get("/{kind}")
def fail(kind: str) -> None:
    if kind == "burnt":
        raise Burnt("black all over")
    if kind == "away":
        raise Unavailable("mongodb://user:hidden@x does not answer")
    if kind == "gone":
        raise ProblemError("conflict", detail="gone", headers={"X-Oven": "1"})
    raise ZeroDivisionError("hidden")


@pytest.fixture
def client() -> Iterator[Client]:
    application = create_application(
        title="Ovens",
        version="1",
        settings=WebSettings(environment="development"),
        routers=[router],
        models=[],
        security=Callers().security,
        errors={Burnt: "burnt"},
        codes=[ProblemCode("burnt", 409, "Burnt", "Bake another.")],
    )
    with application_client(application) as client:
        yield client


def test_a_domain_error_is_answered_by_its_code(client: Client) -> None:
    answer = client.get(
        "/v1/ovens/burnt",
        headers={
            "X-Correlation-Id": "cake-7",
            "traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        },
    )

    assert answer.headers["x-correlation-id"] == "cake-7"
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.status_code == 409
    assert answer.json() == {
        "type": "/problems/burnt",
        "title": "Burnt",
        "status": 409,
        "detail": "black all over",
        "instance": "/v1/ovens/burnt",
        "code": "burnt",
        "correlation_id": "cake-7",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    }


def test_a_database_that_is_away_says_when_to_come_back_and_nothing_of_itself(client: Client) -> None:
    answer = client.get("/v1/ovens/away")

    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert answer.headers["retry-after"] == "1"
    assert "hidden" not in answer.text


def test_an_error_that_nobody_expected_shows_nothing_of_itself(client: Client) -> None:
    answer = client.get("/v1/ovens/other")

    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "hidden" not in answer.text
    assert "ZeroDivision" not in answer.text


def test_headers_of_a_problem_are_sent(client: Client) -> None:
    assert client.get("/v1/ovens/gone").headers["x-oven"] == "1"


def test_a_wrong_value_is_pointed_at(client: Client) -> None:
    answer = client.post("/v1/ovens", json={"degrees": "hot", "ro/l~e": "admin"})

    assert answer.status_code == 422
    assert [each["pointer"] for each in answer.json()["errors"]] == ["/body/degrees", "/body/ro~1l~0e"]
    assert "hot" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "content", "kind", "status", "code"),
    [
        ("GET", "/nowhere", None, None, 404, "not_found"),
        ("DELETE", "/v1/ovens", None, None, 405, "method_not_allowed"),
        ("POST", "/v1/ovens", b"a=1", "text/plain", 415, "unsupported_media_type"),
        ("POST", "/v1/ovens", b"{", "application/json", 400, "malformed_json"),
    ],
)
def test_what_the_framework_refuses_is_a_problem(
    client: Client, method: str, path: str, content: bytes | None, kind: str | None, status: int, code: str
) -> None:
    answer = client.request(method, path, content=content, headers={"content-type": kind} if kind else None)

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_refused_method_is_told_all_that_the_address_has(client: Client) -> None:
    assert client.delete("/v1/ovens").headers["allow"] == "POST, PUT"
    assert client.delete("/v1/ovens/x").headers["allow"] == "GET, HEAD"


@pytest.mark.parametrize(("key", "advice"), [("abc", "at least 4"), ("a" * 21, "at most 20")])
def test_the_length_of_a_secret_is_told_in_characters(client: Client, key: str, advice: str) -> None:
    (error,) = client.post("/v1/ovens", json={"degrees": 1, "key": key}).json()["errors"]

    assert error["message"] == f"give {advice} characters"
