"""A refresh token is good once; when a spent one comes back, its session ends for everybody."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import httpx
import pytest
from joserfc import jwt

from auth_service.people import People
from auth_service.roles.builtin import role_id
from auth_service.sessions.refresh_token import RefreshToken
from auth_service.sessions.repository import Sessions
from lyceum_database import OrganizationRepository, SessionRepository
from lyceum_database.states import OrganizationStatus, SessionStatus, UserStatus

on_both_engines = pytest.mark.parametrize(
    "staged", ["embedded", pytest.param("wire", marks=pytest.mark.wire)], indirect=True
)


@pytest.fixture
def ada(stage: Any, sign_in: Any) -> Any:
    stage.person("ada")
    return sign_in("ada")


def test_each_token_is_exchanged_for_the_next(ada: Any) -> None:
    seen = {ada.tokens["refresh_token"]}
    for _ in range(5):
        answer = ada.refresh()
        assert answer.status_code == 200
        ada.tokens = answer.json()
        assert ada.tokens["refresh_token"] not in seen
        assert ada.get("/v1/me").status_code == 200
        seen.add(ada.tokens["refresh_token"])

    assert answer.json()["session_id"] == ada.session_id
    assert answer.headers["cache-control"] == "no-store"


@on_both_engines
@pytest.mark.parametrize("rounds", [1, 2, 7])
def test_a_spent_token_that_comes_back_ends_the_session(stage: Any, ada: Any, rounds: int) -> None:
    spent = ada.tokens["refresh_token"]
    for _ in range(rounds):
        ada.tokens = ada.refresh().json()

    again = ada.refresh(spent)

    assert (again.status_code, again.json()["code"]) == (401, "invalid_refresh_token")
    assert ada.refresh().status_code == 401, "the newest token is worth nothing, either"
    assert ada.get("/v1/me").status_code == 401, "nor is the access token, at once in this process"
    session = SessionRepository().get(ada.session_id)
    assert [entry["type"] for entry in session.outbox] == ["SESSION_REVOKED"]
    assert session.reason == "refresh token used twice"
    (entry,) = stage.audited("refresh_reused")
    assert (entry.target_id, entry.details["user"]) == (session.id, session.user_id)


@on_both_engines
def test_of_two_exchanges_at_one_moment_exactly_one_wins_and_the_session_ends(stage: Any, ada: Any) -> None:
    for count in (2, 8):
        stage.person(f"racer{count}")
        answer = ada.client.post(
            "/v1/login", json={"email": f"racer{count}@example.org", "password": "violet harbour 9"}
        )
        token, start = answer.json()["refresh_token"], Barrier(count)

        def exchange(_: int, token: str = token, start: Barrier = start) -> httpx.Response:
            start.wait()
            answered: httpx.Response = ada.refresh(token)
            return answered

        with ThreadPoolExecutor(count) as pool:
            answers = list(pool.map(exchange, range(count)))

        won = [answer for answer in answers if answer.status_code == 200]
        assert len(won) == 1
        assert {answer.status_code for answer in answers} == {200, 401}
        assert ada.refresh(won[0].json()["refresh_token"]).status_code == 401
    assert len(stage.audited("refresh_reused")) == 2, "said once per session, however many came late"


def test_of_all_who_have_read_the_same_session_one_wins(ada: Any, meeting: Any) -> None:
    token = ada.tokens["refresh_token"]
    meeting(Sessions, "find", 4)
    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(answer.status_code for answer in pool.map(lambda _: ada.refresh(token), range(4)))

    assert statuses == [200, 401, 401, 401]
    assert SessionRepository().get(ada.session_id).status == SessionStatus.REVOKED.value


def test_a_write_of_somebody_else_in_between_ends_nothing(ada: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    find = SessionRepository.find
    disturbed: list[str] = []

    def disturbing(self: Any, record_id: str, **options: Any) -> Any:
        found = find(self, record_id, **options)
        if found is not None and not disturbed:
            disturbed.append(record_id)
            other = find(SessionRepository(), record_id)
            assert other is not None
            other.device = "renamed"
            SessionRepository().save(other)
        return found

    monkeypatch.setattr(SessionRepository, "find", disturbing)

    assert ada.refresh().status_code == 200
    assert disturbed == [ada.session_id]


@pytest.mark.parametrize(
    "token",
    ["", "x", "not.a.token", f"unknown.{'A' * 86}", "a.b", "x" * 201, "a" * 64 + "." + "A" * 86, "\u00e9." + "A" * 86],
)
def test_what_is_no_token_is_refused_and_ends_nothing(ada: Any, token: str) -> None:
    answer = ada.client.post("/v1/token-refreshes", json={"refresh_token": token})

    assert answer.status_code in (401, 422)
    assert ada.refresh().status_code == 200


def test_nobody_ends_a_session_by_knowing_its_id(stage: Any, ada: Any) -> None:
    never_issued = RefreshToken.first(ada.session_id).text
    assert ada.refresh(never_issued).status_code == 401
    assert ada.refresh(ada.tokens["refresh_token"][:-1]).status_code == 401

    assert ada.get("/v1/me").status_code == 200
    assert ada.refresh().status_code == 200
    assert stage.audited("refresh_reused") == []


def test_what_is_stored_of_a_token_is_no_part_of_it(ada: Any) -> None:
    stored = str(SessionRepository().get(ada.session_id).to_mongo())
    secrets = ada.tokens["refresh_token"].partition(".")[2]

    assert secrets[:43] not in stored
    assert secrets[43:] not in stored
    assert ada.refresh().json()["refresh_token"].partition(".")[2][:43] == secrets[:43]


def test_a_session_is_good_until_it_expires_however_often_it_is_refreshed(stage: Any, ada: Any) -> None:
    stage.clock.advance(timedelta(days=29, hours=23))
    ada.tokens = ada.refresh().json()
    assert ada.tokens["refresh_expires_in"] == 3600
    assert ada.get("/v1/me").status_code == 200
    stage.clock.advance(timedelta(hours=1))

    assert ada.refresh().status_code == 401
    assert ada.get("/v1/me").status_code == 401


@pytest.mark.parametrize("status", [UserStatus.SUSPENDED, UserStatus.ERASED, UserStatus.LOCKED])
def test_who_may_not_sign_in_any_more_does_not_stay_signed_in(ada: Any, status: UserStatus) -> None:
    user = People().by_email("ada@example.org")
    assert user is not None
    user.status = status.value
    People().save(user)

    assert ada.refresh().status_code == 401
    assert SessionRepository().get(ada.session_id).status == SessionStatus.REVOKED.value


@pytest.mark.parametrize("way", ["left", "suspended"])
def test_an_organization_left_or_suspended_ends_its_sessions(ada: Any, way: str) -> None:
    if way == "left":
        user = People().by_email("ada@example.org")
        assert user is not None
        user.org_ids = ["elsewhere"]
        People().save(user)
    else:
        organizations = OrganizationRepository()
        default = organizations.get("default")
        default.status = OrganizationStatus.SUSPENDED.value
        organizations.save(default)

    assert ada.refresh().status_code == 401
    assert SessionRepository().get(ada.session_id).status == SessionStatus.REVOKED.value


def test_a_new_pair_carries_the_roles_of_now(stage: Any, ada: Any) -> None:
    def roles(token: str) -> Any:
        key = stage.keys.current()
        return jwt.decode(token, key.public, algorithms=["Ed25519"]).claims["roles"]

    assert roles(ada.tokens["access_token"]) == ["student"]
    user = People().by_email("ada@example.org")
    assert user is not None
    elsewhere = stage.organization("north-school")
    user.roles = [role_id("default", "trainer"), role_id(elsewhere.id, "admin"), "role-of-nowhere"]
    People().save(user)

    assert roles(ada.refresh().json()["access_token"]) == ["trainer"]
