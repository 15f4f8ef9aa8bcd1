"""Anybody may sign up, as a student; one address has one account; who has one shows nowhere."""

import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from auth_service.people import People
from lyceum_database import User
from lyceum_web.testing.client import application_client

on_both_engines = pytest.mark.parametrize(
    "staged", ["embedded", pytest.param("wire", marks=pytest.mark.wire)], indirect=True
)


ADA = {"email": "Ada@example.org", "password": "violet harbour 9", "name": "Ada"}


def test_sign_up_login_me(client: httpx.Client, sign_in: Any) -> None:
    assert client.post("/v1/signup", json={**ADA, "locale": "en-GB", "tz": "Europe/London"}).status_code == 202

    me = sign_in("ada").get("/v1/me").json()

    assert {name: me[name] for name in ("email", "name", "locale", "tz", "roles")} == {
        "email": "Ada@example.org",
        "name": "Ada",
        "locale": "en-GB",
        "tz": "Europe/London",
        "roles": ["student"],
    }
    assert me["organization"]["slug"] == "default"
    assert "courses:read" in me["permissions"]
    assert "users:write" not in me["permissions"]


@pytest.mark.parametrize("field", ["role", "roles", "permissions", "org_ids", "status", "password_hash", "id", "admin"])
def test_what_is_nobodys_choice_is_refused_by_name(client: httpx.Client, field: str) -> None:
    answer = client.post("/v1/signup", json={**ADA, field: "admin"})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] == f"/body/{field}"
    assert People().by_email("ada@example.org") is None


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"email": "no address"}, "/body/email"),
        ({"email": "a@b"}, "/body/email"),
        ({"email": "a@@example.org"}, "/body/email"),
        ({"email": "ada\u200b@example.org"}, "/body/email"),
        ({"email": "ada@example.org\nBcc: eve@example.org"}, "/body/email"),
        ({"email": '"a b"@example.org'}, "/body/email"),
        ({"email": "a" * 65 + "@example.org"}, "/body/email"),
        ({"email": "ada@-example.org"}, "/body/email"),
        ({"email": "ada@127.0.0.1"}, "/body/email"),
        ({"name": " "}, "/body/name"),
        ({"name": "A\x07da"}, "/body/name"),
        ({"password": "short"}, "/body/password"),
        ({"tz": "Mars/Olympus"}, "/body/tz"),
        ({"tz": "../../etc/passwd"}, "/body/tz"),
        ({"locale": "english please"}, "/body/locale"),
    ],
)
def test_what_cannot_be_is_refused_by_name(client: httpx.Client, change: dict[str, str], pointer: str) -> None:
    answer = client.post("/v1/signup", json={**ADA, **change})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


def test_no_answer_repeats_a_password(client: httpx.Client) -> None:
    for password in ("secretshort"[:9], "Password123", "x" * 300):
        answer = client.post("/v1/signup", json={**ADA, "password": password})
        assert answer.status_code == 422
        assert password not in answer.text


@pytest.mark.parametrize("password", ["password1234", "Ada@example.org", "aaaaaaaaaaaaa"])
def test_a_password_that_would_be_guessed_is_refused(client: httpx.Client, password: str) -> None:
    answer = client.post("/v1/signup", json={**ADA, "password": password})

    assert (answer.status_code, answer.json()["code"]) == (422, "weak_password")


@pytest.mark.parametrize("path", ["/v1/signup", "/v1/login"])
def test_a_password_of_a_megabyte_is_refused_before_it_is_hashed(stage: Any, client: httpx.Client, path: str) -> None:
    body = ADA if path == "/v1/signup" else {"email": ADA["email"]}
    for size, status in ((257, 422), (12_000, 422), (20_000, 413), (10_000_000, 413)):
        answer = client.post(path, json={**body, "password": "x" * size})
        assert answer.status_code == status

    assert (stage.hasher.hashed, stage.hasher.verified) == (0, 0)


def test_a_taken_address_gets_the_same_answer_for_the_same_work(stage: Any, client: httpx.Client) -> None:
    answers, work = [], []
    for _ in range(2):
        before = stage.hasher.hashed
        answer = client.post("/v1/signup", json=ADA)
        answers.append((answer.status_code, answer.content, set(answer.headers)))
        work.append(stage.hasher.hashed - before)

    assert answers[0] == answers[1]
    assert work == [1, 1]
    assert [entry.action for entry in stage.audited()] == ["signed_up", "sign_up_refused"]


def test_a_second_sign_up_changes_nothing(client: httpx.Client, sign_in: Any) -> None:
    client.post("/v1/signup", json=ADA)
    client.post("/v1/signup", json={**ADA, "password": "another harbour 7", "name": "Eve"})

    assert sign_in("ada").get("/v1/me").json()["name"] == "Ada"
    refused = client.post("/v1/login", json={"email": ADA["email"], "password": "another harbour 7"})
    assert refused.status_code == 401


SPELLINGS = {
    "letter case": ["ada@example.org", "ADA@EXAMPLE.ORG", "Ada@Example.org"],
    "composition": ["jos\u00e9@example.org", "jose\u0301@example.org", "JOSE\u0301@example.org"],
    "fullwidth": ["ada@example.org", "\uff41\uff44\uff41@example.org", "ada\uff20example.org", "ada@example\uff0eorg"],
    "domain": ["ada@m\u00fcnchen.example", "ada@mu\u0308nchen.example", "ada@xn--mnchen-3ya.example"],
}


@on_both_engines
@pytest.mark.parametrize("kind", SPELLINGS)
def test_spellings_of_one_address_at_one_moment_make_one_account(stage: Any, client: httpx.Client, kind: str) -> None:
    bodies = [{**ADA, "email": email} for email in SPELLINGS[kind]] * 4

    with ThreadPoolExecutor(len(bodies)) as pool:
        answers = list(pool.map(lambda body: client.post("/v1/signup", json=body), bodies))

    assert {answer.status_code for answer in answers} == {202}
    assert len(People().list_()) == 1
    assert len(stage.audited("signed_up")) == 1
    for email in SPELLINGS[kind]:
        assert client.post("/v1/login", json={"email": email, "password": ADA["password"]}).status_code == 200


def test_whoever_signed_up_can_sign_in_whatever_the_address_holds(client: httpx.Client) -> None:
    for local in ("a%b", "o'brien", "#1!", "jos\u00e9", "x=y", "{curly}"):
        email = f"{local}@example.org"
        assert client.post("/v1/signup", json={**ADA, "email": email}).status_code == 202, email
        assert client.post("/v1/login", json={"email": email, "password": ADA["password"]}).status_code == 200, email


def test_dots_and_tags_make_another_account(client: httpx.Client) -> None:
    for email in ("ada@example.org", "a.da@example.org", "ada+school@example.org"):
        assert client.post("/v1/signup", json={**ADA, "email": email}).status_code == 202

    assert len(People().list_()) == 3


def test_the_event_is_in_the_write_that_makes_the_account(client: httpx.Client) -> None:
    client.post("/v1/signup", json=ADA)

    (user,) = People().list_()
    assert [(entry["type"], entry["key"]) for entry in user.outbox] == [("USER_REGISTERED", user.id)]
    assert "example.org" not in user.outbox[0]["value"]


def test_a_full_queue_of_hashes_is_told_and_tried_again_later(staged: Callable[..., Any]) -> None:
    stage = staged(hashes_at_once=1, hashes_waiting=0)
    with application_client(stage.application()) as client, stage.hasher.turns.turn():
        for path in ("/v1/signup", "/v1/login"):
            body = ADA if path == "/v1/signup" else {"email": ADA["email"], "password": ADA["password"]}
            answer = client.post(path, json=body)
            assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
            assert answer.headers["retry-after"] == "1"

    assert People().list_() == []


def test_what_the_edge_accepts_the_store_accepts() -> None:
    for email in (
        "ada@m\u00fcnchen.example",
        "jos\u00e9@example.org",
        "o'brien+x@example.co.uk",
        "\u738b@\u4f8b\u5b50.example",
    ):
        composed = unicodedata.normalize("NFC", email)
        User(email=composed, name="x").validate()
