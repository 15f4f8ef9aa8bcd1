"""Administrators look after people: within their organization, and never above themselves."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from auth_service.people import People
from auth_service.roles.builtin import ADMIN, role_id
from auth_service.sessions.service import SessionService
from lyceum_database import SessionRepository, User

on_both_engines = pytest.mark.parametrize(
    "staged", ["embedded", pytest.param("wire", marks=pytest.mark.wire)], indirect=True
)


@pytest.fixture
def boss(stage: Any, sign_in: Any) -> Any:
    stage.person("boss", "admin")
    return sign_in("boss")


def events(user: User) -> list[str]:
    return [entry["type"] for entry in People().get(user.id).outbox]


def test_members_are_listed_with_their_roles_and_no_others(stage: Any, boss: Any) -> None:
    school = stage.organization("north-school")
    stage.person("ada")
    stage.person("eve", "admin", org_id=school.id)

    shown = boss.get("/v1/users").json()["items"]

    assert [(one["email"], one["roles"], one["status"]) for one in shown] == [
        ("boss@example.org", ["admin"], "active"),
        ("ada@example.org", ["student"], "active"),
    ]
    assert "hash" not in str(shown)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("email=ADA@example.org", ["ada"]),
        ("email=nobody@example.org", []),
        ("email=eve@example.org", []),
        ("status=suspended", ["gone"]),
        ("role=admin", ["boss"]),
        ("role=tutor", ["tom"]),
        ("role=nobody", []),
        ("role=student&status=active", ["ada"]),
    ],
)
def test_members_are_found_by_address_status_and_role(stage: Any, boss: Any, query: str, found: list[str]) -> None:
    stage.person("ada")
    stage.person("gone", status="suspended")
    stage.person("eve", org_id=stage.organization("north-school").id)
    tutor = stage.role("tutor")
    stage.person("tom", roles=[tutor.id])

    shown = boss.get(f"/v1/users?{query}").json()["items"]

    assert [one["name"].lower() for one in shown] == found


def test_a_new_role_counts_at_once_and_is_reported(stage: Any, boss: Any, sign_in: Any) -> None:
    user = stage.person("ada")
    ada = sign_in("ada")
    assert ada.get("/v1/roles").status_code == 403

    changed = boss.change(f"/v1/users/{user.id}", {"roles": ["trainer", "admin"]})

    assert (changed.status_code, changed.json()["roles"]) == (200, ["admin", "trainer"])
    assert ada.get("/v1/roles").status_code == 200
    assert ada.get("/v1/me").json()["roles"] == ["admin", "trainer"]
    assert events(user) == ["USER_ROLE_CHANGED"]
    (entry,) = stage.audited("user_roles_changed")
    assert (entry.target_id, entry.details["roles"]) == (user.id, "admin, trainer")

    boss.change(f"/v1/users/{user.id}", {"roles": ["student"]})
    assert ada.get("/v1/roles").status_code == 403


def test_who_is_suspended_is_out_at_once_and_stays_out(stage: Any, boss: Any, sign_in: Any) -> None:
    user = stage.person("ada")
    sessions = [sign_in("ada") for _ in range(3)]

    answer = boss.change(f"/v1/users/{user.id}", {"status": "suspended", "reason": "cheated"})

    assert answer.json()["status"] == "suspended"
    ended = [SessionRepository().get(one.session_id) for one in sessions]
    assert [[entry["type"] for entry in one.outbox] for one in ended] == [["SESSION_REVOKED"]] * 3
    assert {one.reason for one in ended} == {"account suspended"}
    assert {one.get("/v1/me").status_code for one in sessions} == {401}
    assert {one.refresh().status_code for one in sessions} == {401}
    assert (
        sessions[0]
        .client.post("/v1/login", json={"email": "ada@example.org", "password": "violet harbour 9"})
        .status_code
        == 401
    )
    assert events(user) == ["USER_SUSPENDED"]
    assert len(stage.audited("user_suspended")) == 1


def test_who_is_reactivated_signs_in_again_and_old_sessions_stay_ended(stage: Any, boss: Any, sign_in: Any) -> None:
    user = stage.person("ada")
    old = sign_in("ada")
    boss.change(f"/v1/users/{user.id}", {"status": "suspended"})
    assert boss.change(f"/v1/users/{user.id}", {"status": "active"}).status_code == 200

    assert old.get("/v1/me").status_code == 401
    assert sign_in("ada").get("/v1/me").status_code == 200
    assert len(stage.audited("user_reactivated")) == 1


def test_sessions_that_a_suspension_left_behind_do_not_live_again(
    stage: Any, boss: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = stage.person("ada")
    old = sign_in("ada")
    with monkeypatch.context() as crashing:
        crashing.setattr(SessionService, "tidy", lambda *_, **__: 0)
        boss.change(f"/v1/users/{user.id}", {"status": "suspended"})
    assert old.get("/v1/me").status_code == 401

    boss.change(f"/v1/users/{user.id}", {"status": "active"})

    assert old.get("/v1/me").status_code == 401
    assert old.refresh().status_code == 401


def test_erased_is_for_ever(stage: Any, boss: Any) -> None:
    user = stage.person("ada", status="erased")

    for status in ("active", "suspended"):
        answer = boss.change(f"/v1/users/{user.id}", {"status": status})
        assert (answer.status_code, answer.json()["code"]) == (409, "impossible_status")


@pytest.mark.parametrize(
    "body",
    [
        {"roles": None},
        {"status": None},
        {"status": "erased"},
        {"status": "admin"},
        {"org_ids": ["x"]},
        {"password": "x"},
    ],
)
def test_what_cannot_be_asked_for_is_refused(stage: Any, boss: Any, body: dict[str, Any]) -> None:
    assert boss.change(f"/v1/users/{stage.person('ada').id}", body).status_code == 422


def test_a_change_needs_the_version_that_was_seen(stage: Any, boss: Any) -> None:
    path = f"/v1/users/{stage.person('ada').id}"
    seen = boss.get(path).headers["etag"]
    assert boss.get(path, headers={"If-None-Match": seen}).status_code == 304

    assert boss.ask("PATCH", path, json={"roles": []}).status_code == 428
    assert boss.change(path, {"roles": []}, version=seen).status_code == 200
    late = boss.change(path, {"roles": ["admin"]}, version=seen)
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")


def test_a_change_to_what_is_already_so_writes_nothing(stage: Any, boss: Any) -> None:
    user = stage.person("ada")

    same = boss.change(f"/v1/users/{user.id}", {"roles": ["student"], "status": "active"})

    assert (same.status_code, events(user), People().get(user.id).version) == (200, [], user.version)
    assert stage.audited("user_roles_changed") == []


def test_a_role_that_is_not_there_is_named(stage: Any, boss: Any) -> None:
    school = stage.organization("north-school")
    stage.role("tutor", "courses:read", org_id=school.id)

    answer = boss.change(f"/v1/users/{stage.person('ada').id}", {"roles": ["student", "tutor"]})

    assert (answer.status_code, answer.json()["code"]) == (422, "unknown_role")
    assert "tutor" in answer.json()["detail"]


class TestNobodyAboveThemselves:
    """`clerk` may look after users, but holds little besides."""

    @pytest.fixture
    def clerk(self, stage: Any, boss: Any, sign_in: Any) -> Any:
        stage.role("clerk", "users:read", "users:write", "courses:read")
        stage.role("reader", "courses:read")
        clerk = stage.person("clerk", roles=[])
        assert boss.change(f"/v1/users/{clerk.id}", {"roles": ["clerk"]}).status_code == 200
        return sign_in("clerk")

    def test_he_gives_what_he_has(self, stage: Any, clerk: Any) -> None:
        user = stage.person("ada", roles=[])

        assert clerk.change(f"/v1/users/{user.id}", {"roles": ["reader"]}).status_code == 200

    @pytest.mark.parametrize("roles", [["admin"], ["trainer"], ["reader", "student"]])
    def test_he_gives_nobody_what_he_has_not(self, stage: Any, clerk: Any, roles: list[str]) -> None:
        user = stage.person("ada", roles=[])
        answer = clerk.change(f"/v1/users/{user.id}", {"roles": roles})

        assert (answer.status_code, answer.json()["code"]) == (403, "escalation")
        assert People().get(user.id).roles == []

    def test_nor_himself(self, clerk: Any) -> None:
        me = clerk.get("/v1/me").json()["id"]

        assert clerk.change(f"/v1/users/{me}", {"roles": ["clerk", "admin"]}).status_code == 403

    @pytest.mark.parametrize("body", [{"roles": []}, {"status": "suspended"}])
    def test_he_takes_nothing_from_who_has_more(self, clerk: Any, boss: Any, body: dict[str, Any]) -> None:
        target = boss.get("/v1/me").json()["id"]

        assert clerk.change(f"/v1/users/{target}", body).status_code == 403
        assert boss.get("/v1/users").status_code == 200

    def test_a_student_sees_and_changes_nobody(self, stage: Any, sign_in: Any) -> None:
        user = stage.person("ada")
        ada = sign_in("ada")

        for answer in (ada.get("/v1/users"), ada.get(f"/v1/users/{user.id}")):
            assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
        assert ada.ask("PATCH", f"/v1/users/{user.id}", json={"roles": ["admin"]}).status_code == 403


class TestAnotherOrganization:
    def test_its_people_are_not_there(self, stage: Any, boss: Any) -> None:
        school = stage.organization("north-school")
        eve = stage.person("eve", org_id=school.id)

        for answer in (
            boss.get(f"/v1/users/{eve.id}"),
            boss.change(f"/v1/users/{eve.id}", {"roles": []}, version='"1"'),
            boss.get("/v1/users/no-such-person"),
        ):
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
        assert boss.get(f"/v1/users/{eve.id}").json()["title"] == boss.get("/v1/users/none").json()["title"]

    def test_roles_there_stay_when_roles_here_change(self, stage: Any, boss: Any) -> None:
        school = stage.organization("north-school")
        there = role_id(school.id, "trainer")
        both = stage.person("both", roles=[there, role_id("default", "student")], org_ids=["default", school.id])

        assert boss.get(f"/v1/users/{both.id}").json()["roles"] == ["student"]
        boss.change(f"/v1/users/{both.id}", {"roles": ["trainer"]})

        assert set(People().get(both.id).roles) == {there, role_id("default", "trainer")}

    def test_its_administrator_suspends_nobody_who_belongs_elsewhere_too(self, stage: Any, sign_in: Any) -> None:
        school = stage.organization("north-school")
        stage.person("head", "admin", org_id=school.id)
        both = stage.person("both", roles=[], org_ids=["default", school.id])
        head = sign_in("head")

        answer = head.change(f"/v1/users/{both.id}", {"status": "suspended"})

        assert (answer.status_code, answer.json()["code"]) == (409, "impossible_status")
        assert People().get(both.id).status == "active"

    def test_the_platforms_administrator_may(self, stage: Any, boss: Any) -> None:
        school = stage.organization("north-school")
        both = stage.person("both", roles=[], org_ids=["default", school.id])

        assert boss.change(f"/v1/users/{both.id}", {"status": "suspended"}).status_code == 200


class TestTheLastAdministrator:
    @pytest.mark.parametrize("body", [{"roles": []}, {"roles": ["trainer"]}])
    def test_cannot_step_down(self, boss: Any, body: dict[str, Any]) -> None:
        me = boss.get("/v1/me").json()["id"]
        answer = boss.change(f"/v1/users/{me}", body)

        assert (answer.status_code, answer.json()["code"]) == (409, "last_administrator")
        assert boss.get("/v1/users").status_code == 200

    def test_who_may_not_sign_in_does_not_count(self, stage: Any, boss: Any) -> None:
        stage.person("gone", "admin", status="suspended")
        stage.person("never", "admin", status="invited")
        me = boss.get("/v1/me").json()["id"]

        assert boss.change(f"/v1/users/{me}", {"roles": []}).status_code == 409

    def test_can_step_down_once_there_is_another(self, stage: Any, boss: Any) -> None:
        stage.person("deputy", "admin")
        me = boss.get("/v1/me").json()["id"]

        assert boss.change(f"/v1/users/{me}", {"roles": []}).status_code == 200

    def test_nobody_suspends_themselves(self, stage: Any, boss: Any) -> None:
        stage.person("deputy", "admin")
        me = boss.get("/v1/me").json()["id"]
        answer = boss.change(f"/v1/users/{me}", {"status": "suspended"})

        assert (answer.status_code, answer.json()["code"]) == (409, "impossible_status")

    def test_of_another_organization_cannot_be_suspended_from_here(self, stage: Any, boss: Any) -> None:
        school = stage.organization("north-school")
        head = stage.person("head", roles=[role_id(school.id, ADMIN)], org_ids=["default", school.id])
        path = f"/v1/users/{head.id}"

        assert boss.change(path, {"status": "suspended"}).json()["code"] == "last_administrator"
        stage.person("second", "admin", org_id=school.id)
        assert boss.change(path, {"status": "suspended"}).status_code == 200

    @on_both_engines
    @pytest.mark.parametrize("body", [{"roles": []}, {"status": "suspended"}])
    def test_one_always_stays_however_many_take_each_other_away(
        self, stage: Any, sign_in: Any, meeting: Any, body: dict[str, Any]
    ) -> None:
        meeting(People, "active_with_role", 4, patience_s=0.1)
        for round_ in range(2):
            school = stage.organization(f"school-{round_}")
            people = [stage.person(f"head{number}of{round_}", "admin", org_id=school.id) for number in range(4)]
            heads = [sign_in(f"head{number}of{round_}") for number in range(4)]
            start = Barrier(4)

            def take_away(number: int, heads: Any = heads, people: Any = people, start: Barrier = start) -> int:
                path = f"/v1/users/{people[(number + 1) % 4].id}"
                version = heads[number].get(path).headers["etag"]
                start.wait()
                status: int = heads[number].change(path, body, version=version).status_code
                return status

            with ThreadPoolExecutor(4) as pool:
                statuses = list(pool.map(take_away, range(4)))

            left = People().active_with_role(role_id(school.id, ADMIN))
            assert left, f"{statuses}: nobody is left"
            assert statuses.count(200) == 4 - len(left)
