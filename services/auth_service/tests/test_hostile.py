"""Requests that nobody sends by mistake get a problem, quickly."""

from typing import Any

import httpx
import pytest

HOSTILE = {
    "NUL": '{"email": "a\\u0000@example.org", "password": "violet harbour 9", "name": "x"}',
    "half a surrogate pair": '{"email": "a\\ud800@example.org", "password": "violet harbour 9", "name": "x"}',
    "half a pair in the password": '{"email": "a@example.org", "password": "violet \\udfff harbour", "name": "x"}',
    "nested": "[" * 10_000 + "]" * 10_000,
    "not JSON": "{",
    "not UTF-8": "\xff\xfe",
    "a number too large": '{"email": 1e999, "password": "violet harbour 9"}',
    "a list": "[]",
    "nothing": "",
    "10 MB": '{"email": "' + "a" * 10_000_000 + '"}',
}


@pytest.mark.parametrize("kind", HOSTILE)
@pytest.mark.parametrize("path", ["/v1/signup", "/v1/login", "/v1/token-refreshes", "/v1/invitations/x/acceptance"])
def test_hostile_bodies_get_a_problem(client: httpx.Client, path: str, kind: str) -> None:
    body = HOSTILE[kind].encode("latin-1")
    answer = client.post(path, content=body, headers={"Content-Type": "application/json"})

    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json()["code"]


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"]
)
def test_other_kinds_of_content_are_refused(client: httpx.Client, kind: str) -> None:
    answer = client.post("/v1/login", content=b"email=a&password=b", headers={"Content-Type": kind})

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "path", ["/v1/users/%00", "/v1/users/%ED%A0%80", "/v1/roles/" + "x" * 5000, "/v1/users?cursor=%00"]
)
def test_hostile_addresses_get_a_problem(stage: Any, sign_in: Any, path: str) -> None:
    stage.person("boss", "admin")
    answer = sign_in("boss").get(path)

    assert 400 <= answer.status_code < 500
    assert answer.json()["code"]
