"""Another password: only with the current one, and everybody who knew it is out."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from auth_service.people import People
from lyceum_database import SessionRepository, Unavailable

on_both_engines = pytest.mark.parametrize(
    "staged", ["embedded", pytest.param("wire", marks=pytest.mark.wire)], indirect=True
)


NEW = "amber lantern 42"


@pytest.fixture
def ada(stage: Any, sign_in: Any) -> Any:
    stage.person("ada")
    return sign_in("ada")


def change(ada: Any, current: str = "violet harbour 9", new: str = NEW) -> httpx.Response:
    answer: httpx.Response = ada.ask("PUT", "/v1/me/password", json={"current_password": current, "new_password": new})
    return answer


def test_the_new_password_signs_in_the_old_one_does_not(stage: Any, ada: Any) -> None:
    assert change(ada).status_code == 204

    for password, status in (("violet harbour 9", 401), (NEW, 200)):
        answer = ada.client.post("/v1/login", json={"email": "ada@example.org", "password": password})
        assert answer.status_code == status
    assert len(stage.audited("password_changed")) == 1


def test_all_other_sessions_end_and_this_one_goes_on(ada: Any, sign_in: Any) -> None:
    others = [sign_in("ada") for _ in range(3)]

    change(ada)

    assert {other.get("/v1/me").status_code for other in others} == {401}
    assert {other.refresh().status_code for other in others} == {401}
    assert ada.get("/v1/me").status_code == 200
    assert ada.refresh().status_code == 200


def test_a_crash_right_after_the_change_leaves_nobody_signed_in(
    ada: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any, **__: Any) -> None:
        raise Unavailable("the database went away")

    other = sign_in("ada")
    with monkeypatch.context() as crashing:
        crashing.setattr(SessionRepository, "live_of", away)
        assert change(ada).status_code == 503

    assert other.refresh().status_code == 401
    assert other.get("/v1/me").status_code == 401
    assert ada.get("/v1/me").status_code == 200


def test_without_the_current_password_nothing_changes(stage: Any, ada: Any, sign_in: Any) -> None:
    other = sign_in("ada")
    answer = change(ada, current="wrong password")

    assert (answer.status_code, answer.json()["code"]) == (403, "wrong_password")
    assert other.get("/v1/me").status_code == 200
    assert stage.hasher.check("violet harbour 9", People().list_()[0].password_hash).matches
    assert len(stage.audited("password_change_refused")) == 1


@pytest.mark.parametrize("new", ["violet harbour 9", "password1234", "ada@example.org", "bbbbbbbbbbbb"])
def test_a_new_password_has_to_be_new_and_good(ada: Any, new: str) -> None:
    answer = change(ada, new=new)

    assert (answer.status_code, answer.json()["code"]) == (422, "weak_password")
    assert new not in answer.text


@on_both_engines
def test_of_many_changes_at_one_moment_one_holds_and_the_others_are_told(ada: Any, meeting: Any) -> None:
    meeting(People, "get", 6)
    wishes = [f"amber lantern {number}" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda new: change(ada, new=new).status_code, wishes))

    assert sorted(statuses) == [204, *[403] * 5]
    login = [ada.client.post("/v1/login", json={"email": "ada@example.org", "password": new}) for new in wishes]
    assert [answer.status_code == 200 for answer in login] == [status == 204 for status in statuses]


def test_name_language_and_zone_change_at_the_version_that_was_seen(ada: Any) -> None:
    seen = ada.get("/v1/me").headers["etag"]
    changed = ada.change("/v1/me", {"name": "Countess Ada", "tz": "Europe/London"}, version=seen)

    assert (changed.status_code, changed.json()["name"], changed.json()["locale"]) == (200, "Countess Ada", "en")
    assert changed.headers["etag"] != seen
    assert ada.change("/v1/me", {"name": "Late"}, version=seen).status_code == 412
    assert ada.ask("PATCH", "/v1/me", json={"name": "Blind"}).status_code == 428
    for body in ({"roles": ["admin"]}, {"name": None}):
        assert ada.change("/v1/me", body).status_code == 422
    same = ada.change("/v1/me", {})
    assert (same.status_code, same.headers["etag"]) == (200, changed.headers["etag"])
