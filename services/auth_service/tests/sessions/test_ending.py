"""A session that has ended is worth nothing: here at once, elsewhere within five seconds."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from auth_service.people import People
from auth_service.roles.repository import Roles
from auth_service.sessions import service
from lyceum_database import SessionRepository, new_id
from lyceum_database.states import SessionStatus
from lyceum_web.security import Claims, InvalidToken, PrincipalDirectory

on_both_engines = pytest.mark.parametrize(
    "staged", ["embedded", pytest.param("wire", marks=pytest.mark.wire)], indirect=True
)


@pytest.fixture
def ada(stage: Any, sign_in: Any) -> Any:
    stage.person("ada")
    return sign_in("ada")


def test_after_logout_neither_token_is_worth_anything(stage: Any, ada: Any) -> None:
    assert ada.get("/v1/me").status_code == 200
    assert ada.ask("POST", "/v1/logout").status_code == 204

    assert ada.get("/v1/me").status_code == 401
    assert ada.get("/v1/me").json()["code"] == "invalid_token"
    assert ada.refresh().status_code == 401
    assert ada.ask("POST", "/v1/logout").status_code == 401
    session = SessionRepository().get(ada.session_id)
    assert (session.status, session.reason) == ("revoked", "logout")
    assert [entry["type"] for entry in session.outbox] == ["SESSION_REVOKED"]
    assert [entry.target_id for entry in stage.audited("logged_out")] == [session.id]


def test_a_second_process_lets_an_ended_session_in_for_less_than_five_seconds(stage: Any, ada: Any) -> None:
    other = PrincipalDirectory(
        SessionRepository(clock=stage.clock), People(), Roles(), clock=stage.clock, monotonic=stage.clock.monotonic
    )
    session = SessionRepository().get(ada.session_id)
    claims = Claims(session.user_id, session.id, "default", new_id(), stage.clock(), stage.clock())
    assert other.principal(claims).user_id == session.user_id

    ada.ask("POST", "/v1/logout")
    assert other.cached(claims) is not None, "it has not looked since"
    stage.clock.advance(timedelta(seconds=5))

    assert other.cached(claims) is None
    with pytest.raises(InvalidToken):
        other.principal(claims)


def test_somebody_ends_one_of_their_own_sessions_elsewhere(ada: Any, sign_in: Any) -> None:
    other = sign_in("ada")

    assert ada.ask("DELETE", f"/v1/sessions/{other.session_id}").status_code == 204

    assert other.get("/v1/me").status_code == 401
    assert ada.get("/v1/me").status_code == 200
    assert [one["id"] for one in ada.get("/v1/sessions").json()["items"]] == [ada.session_id]
    assert ada.ask("DELETE", f"/v1/sessions/{other.session_id}").status_code == 404


def test_another_ones_session_is_not_there(stage: Any, ada: Any, sign_in: Any) -> None:
    stage.person("eve", "admin")
    eve = sign_in("eve")

    assert eve.ask("DELETE", f"/v1/sessions/{ada.session_id}").status_code == 404
    assert ada.get("/v1/me").status_code == 200


@pytest.mark.parametrize(("keep", "left"), [("false", 0), ("true", 1)])
def test_signing_out_everywhere_ends_all_or_all_others(ada: Any, sign_in: Any, keep: str, left: int) -> None:
    others = [sign_in("ada") for _ in range(3)]

    assert ada.ask("DELETE", f"/v1/sessions?keep_current={keep}").status_code == 204

    assert {other.get("/v1/me").status_code for other in others} == {401}
    assert ada.get("/v1/me").status_code == (200 if left else 401)


def test_signing_out_everywhere_is_one_write_however_many_sessions_there_are(
    ada: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [sign_in("ada") for _ in range(2)]
    monkeypatch.setattr(service.SessionService, "tidy", lambda *_, **__: 0)

    ada.ask("DELETE", "/v1/sessions?keep_current=true")

    assert {other.refresh().status_code for other in others} == {401}
    assert ada.refresh().status_code == 200
    later = sign_in("ada")
    assert later.refresh().status_code == 200
    later.ask("DELETE", "/v1/sessions?keep_current=true")
    assert ada.refresh().status_code == 401


def test_lists_go_on_where_a_page_ends(ada: Any, sign_in: Any) -> None:
    ids = {ada.session_id, *(sign_in("ada").session_id for _ in range(4))}
    found, path = [], "/v1/sessions?limit=2"
    while path:
        page = ada.get(path).json()
        found += [one["id"] for one in page["items"]]
        path = f"/v1/sessions?limit=2&cursor={page['next_cursor']}" if page["next_cursor"] else ""

    assert len(found) == 5
    assert set(found) == ids


@on_both_engines
def test_a_session_ended_by_many_at_one_moment_is_reported_once(stage: Any, ada: Any) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: ada.ask("POST", "/v1/logout"), range(8)))

    session = SessionRepository().get(ada.session_id)
    assert session.status == SessionStatus.REVOKED.value
    assert len(session.outbox) == 1
    assert len(stage.audited("logged_out")) == 1


def test_an_expired_session_is_not_listed(stage: Any, ada: Any, sign_in: Any) -> None:
    stage.clock.advance(timedelta(days=29))
    later = sign_in("ada")
    stage.clock.advance(timedelta(days=1))
    later.tokens = later.refresh().json()

    assert [one["id"] for one in later.get("/v1/sessions").json()["items"]] == [later.session_id]


def test_who_has_too_many_sessions_loses_the_oldest(ada: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "MOST", 3)
    later = [sign_in("ada") for _ in range(3)]

    assert ada.get("/v1/me").status_code == 401
    assert {one.get("/v1/me").status_code for one in later} == {200}
    assert SessionRepository().get(ada.session_id).reason == "too many sessions"
