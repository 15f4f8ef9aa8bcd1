"""Signing in: right people get in, and nobody learns who has an account."""

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest

from auth_service.passwords.exceptions import Overloaded
from auth_service.passwords.hashing import Argon2Cost, PasswordHasher, Verdict
from auth_service.people import People
from auth_service.sessions import rules
from lyceum_database import SessionRepository, User
from lyceum_database.states import OrganizationStatus, UserStatus

on_both_engines = pytest.mark.parametrize(
    "staged", ["embedded", pytest.param("wire", marks=pytest.mark.wire)], indirect=True
)


PASSWORD = "violet harbour 9"  # noqa: S105 - of nobody


def login(client: httpx.Client, email: str, password: str = PASSWORD, **more: Any) -> httpx.Response:
    return client.post("/v1/login", json={"email": email, "password": password, **more})


def test_a_pair_of_tokens_says_how_long_it_is_good(stage: Any, client: httpx.Client) -> None:
    stage.person("ada")
    answer = login(client, "ADA@example.org ", device="Ada's phone")

    assert answer.headers["cache-control"] == "no-store"
    pair = answer.json()
    assert (pair["token_type"], pair["expires_in"], pair["refresh_expires_in"]) == ("Bearer", 600, 30 * 24 * 3600)
    session = SessionRepository().get(pair["session_id"])
    assert (session.device, session.org_id) == ("Ada's phone", "default")
    assert pair["refresh_token"].partition(".")[2] not in str(session.to_mongo())


def kept_out(stage: Any) -> dict[str, tuple[str, str, dict[str, Any]]]:
    """Everybody who does not get in: address, password, other fields of the body."""
    for status in (UserStatus.SUSPENDED, UserStatus.LOCKED, UserStatus.ERASED, UserStatus.INVITED):
        stage.person(status.value, status=status.value)
    stage.person("ada")
    stage.person("nopassword", password_hash=None)
    stage.person("otherhash", password_hash="$2b$12$" + "a" * 53)
    elsewhere = stage.organization("elsewhere")
    closed = stage.organization("closed", status=OrganizationStatus.SUSPENDED.value)
    stage.person("eve", org_id=closed.id)
    return {
        "no such account": ("nobody@example.org", PASSWORD, {}),
        "no address": ("nobody at all", PASSWORD, {}),
        "wrong password": ("ada@example.org", "wrong password", {}),
        "suspended": ("suspended@example.org", PASSWORD, {}),
        "locked": ("locked@example.org", PASSWORD, {}),
        "erased": ("erased@example.org", PASSWORD, {}),
        "invited": ("invited@example.org", PASSWORD, {}),
        "no password": ("nopassword@example.org", PASSWORD, {}),
        "a hash of another program": ("otherhash@example.org", PASSWORD, {}),
        "no such organization": ("ada@example.org", PASSWORD, {"organization": "nowhere"}),
        "another organization": ("ada@example.org", PASSWORD, {"organization": "elsewhere"}),
        "another organization by id": ("ada@example.org", PASSWORD, {"organization": elsewhere.id}),
        "a suspended organization": ("eve@example.org", PASSWORD, {"organization": "closed"}),
    }


def test_whatever_keeps_somebody_out_answer_and_work_are_the_same(stage: Any, client: httpx.Client) -> None:
    told = set()
    for reason, (email, password, more) in kept_out(stage).items():
        before, entries = stage.hasher.verified, len(stage.audited("login_refused"))
        answer = login(client, email, password, **more)
        body = {name: value for name, value in answer.json().items() if name not in ("correlation_id", "trace_id")}
        told.add((answer.status_code, tuple(sorted(body.items())), tuple(sorted(set(answer.headers)))))
        assert stage.hasher.verified - before == 1, reason
        assert len(stage.audited("login_refused")) - entries == 1, reason

    assert len(told) == 1
    assert next(iter(told))[0] == 401
    assert SessionRepository().list_() == []


def test_the_organization_is_chosen_by_slug_or_id_or_is_ones_own(stage: Any, client: httpx.Client) -> None:
    school = stage.organization("north-school")
    stage.person("ada", "trainer", org_id=school.id)
    stage.person("both", org_ids=[school.id, "default"])

    def signed_in_to(email: str, **more: Any) -> str:
        token = login(client, email, **more).json()["access_token"]
        return str(client.get("/v1/me", headers={"Authorization": f"Bearer {token}"}).json()["organization"]["slug"])

    assert signed_in_to("ada@example.org") == "north-school"
    assert signed_in_to("ada@example.org", organization=school.id) == "north-school"
    assert signed_in_to("both@example.org") == "default"
    assert signed_in_to("both@example.org", organization="north-school") == "north-school"


def test_roles_of_another_organization_do_not_count(stage: Any, sign_in: Any) -> None:
    school = stage.organization("north-school")
    both = stage.person("both", "admin", org_id=school.id)
    both.org_ids = [school.id, "default"]
    People().save(both)

    assert sign_in("both", organization="default").get("/v1/users").status_code == 403
    assert sign_in("both", organization="north-school").get("/v1/users").status_code == 200


def test_a_hash_made_at_another_cost_is_renewed_at_the_next_sign_in(
    stage: Any, client: httpx.Client, staged: Callable[..., Any]
) -> None:
    older = replace(stage.settings, hash_cost=Argon2Cost(memory_kib=16, passes=2))
    user = stage.person("ada", password_hash=PasswordHasher(older.hash_cost, stage.hasher.turns).hash(PASSWORD))

    assert login(client, "ada@example.org").status_code == 200
    renewed = People().get(user.id).password_hash
    assert renewed != user.password_hash
    assert login(client, "ada@example.org").status_code == 200
    assert People().get(user.id).password_hash == renewed


def test_the_last_sign_in_is_noted_without_a_new_version(stage: Any, client: httpx.Client) -> None:
    user = stage.person("ada")
    login(client, "ada@example.org")

    found = People().get(user.id)
    assert (found.last_login_at, found.version) == (stage.clock(), user.version)


class Interrupted:
    """A hasher that lets something happen between the look at the account and the session."""

    def __init__(self, hasher: PasswordHasher, meanwhile: Callable[[], None]) -> None:
        self._hasher = hasher
        self._meanwhile = meanwhile

    def check(self, password: str, stored: str | None) -> Verdict:
        verdict = self._hasher.check(password, stored)
        self._meanwhile()
        return verdict


@pytest.mark.parametrize(
    "change",
    [{"status": UserStatus.SUSPENDED.value}, {"password_hash": "other"}, {"session_epoch": 1}, {"org_ids": ["x"]}],
)
def test_a_session_that_crosses_a_suspension_or_a_new_password_ends(
    stage: Any, client: httpx.Client, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
) -> None:
    user = stage.person("ada")

    def meanwhile() -> None:
        found = People().get(user.id)
        for name, value in change.items():
            setattr(found, name, value)
        People().save(found)

    logins = next(one for kind, one in stage.services.items() if kind.__name__ == "LoginService")
    monkeypatch.setattr(logins, "_hasher", Interrupted(stage.hasher, meanwhile))

    assert login(client, "ada@example.org").status_code == 401
    assert SessionRepository(clock=stage.clock).live_of(user.id) == []


def test_a_hash_that_another_sign_in_renewed_at_this_moment_is_no_changed_password(
    stage: Any, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = stage.person("ada")

    def renew() -> None:
        found = People().get(user.id)
        found.password_hash = stage.hasher.hash(PASSWORD)
        People().save(found)

    logins = next(one for kind, one in stage.services.items() if kind.__name__ == "LoginService")
    monkeypatch.setattr(logins, "_hasher", Interrupted(stage.hasher, renew))

    assert login(client, "ada@example.org").status_code == 200
    assert len(SessionRepository(clock=stage.clock).live_of(user.id)) == 1


def test_a_sign_in_that_cannot_be_finished_for_want_of_a_turn_leaves_no_session(
    stage: Any, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = stage.person("ada")
    checks = iter([None, Overloaded()])

    class Busy:
        def check(self, password: str, stored: str | None) -> Verdict:
            if (refusal := next(checks)) is not None:
                raise refusal
            found = People().get(user.id)
            found.password_hash = stage.hasher.hash(PASSWORD)
            verdict = stage.hasher.check(password, stored)
            People().save(found)
            return Verdict(verdict.matches)

    logins = next(one for kind, one in stage.services.items() if kind.__name__ == "LoginService")
    monkeypatch.setattr(logins, "_hasher", Busy())

    assert login(client, "ada@example.org").status_code == 503
    assert SessionRepository(clock=stage.clock).live_of(user.id) == []


@on_both_engines
def test_a_hundred_logins_at_one_time_all_get_in(stage: Any, client: httpx.Client) -> None:
    for number in range(20):
        stage.person(f"user{number}")
    statuses: list[int] = []
    threads = [
        threading.Thread(
            target=lambda n=number: statuses.append(login(client, f"user{n % 20}@example.org").status_code)
        )
        for number in range(100)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 100
    assert len({session.id for session in SessionRepository().list_(limit=200)}) == 100


def test_where_somebody_signed_in_from_is_kept_for_them(stage: Any, client: httpx.Client, sign_in: Any) -> None:
    stage.person("ada")
    stage.clock.advance(stage.settings.access_lifetime / 100)
    first = sign_in("ada", device="phone")
    second = sign_in("ada")

    shown = first.get("/v1/sessions").json()["items"]

    assert [(one["id"], one["device"], one["current"]) for one in shown] == [
        (first.session_id, "phone", True),
        (second.session_id, None, False),
    ]
    assert shown[0]["address"] == "127.0.0.1"
    assert shown[0]["user_agent"].startswith("python-httpx/")
    assert "hash" not in str(shown)


def test_an_address_without_an_account_costs_as_many_documents_as_one_with(
    stage: Any, client: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.person("ada")
    made: list[str] = []
    build = User._from_son

    def noted(son: Any, **more: Any) -> Any:
        made.append(son["_id"])
        return build(son, **more)

    monkeypatch.setattr(User, "_from_son", noted)

    assert login(client, "ada@example.org", "wrong password").status_code == 401
    for_somebody, made[:] = len(made), []
    assert login(client, "nobody@example.org").status_code == 401

    assert len(made) == for_somebody > 0


def test_nobody_s_account_has_what_accounts_have_and_lets_nobody_in(stage: Any) -> None:
    stage.person("ada")
    ada = People().by_email("ada@example.org")
    assert ada is not None

    stranger = People().stranger()

    assert set(ada.to_mongo()) - set(stranger.to_mongo()) <= {"tz", "locale", "mfa"}
    assert not rules.may_act(stranger, stage.organization("elsewhere"))
