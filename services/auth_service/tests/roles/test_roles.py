"""Roles of an organization's own: nobody puts into one what they have not, and what changes counts."""

from datetime import timedelta
from typing import Any

import pytest

from auth_service import storage
from auth_service.people import People
from auth_service.roles.builtin import ADMIN, BUILTIN_ROLES, STUDENT, TRAINER, permissions_of, role_id
from auth_service.roles.exceptions import Escalation
from auth_service.roles.repository import Roles
from auth_service.roles.rules import check_grant
from lyceum_database import DEFAULT_ORG, Role, is_id, new_id
from lyceum_database.states import RoleScope


@pytest.fixture
def boss(stage: Any, sign_in: Any) -> Any:
    stage.person("boss", "admin")
    return sign_in("boss")


def test_a_role_is_made_once_for_one_key(stage: Any, boss: Any) -> None:
    body = {"name": "tutor", "permissions": ["doubts:read", "courses:read", "doubts:read"]}
    first = boss.create("/v1/roles", body, key="k1")
    again = boss.create("/v1/roles", body, key="k1")

    assert (first.status_code, first.json()["permissions"]) == (201, ["courses:read", "doubts:read"])
    assert (again.status_code, again.json()) == (201, first.json())
    assert again.headers["idempotent-replayed"] == "true"
    assert boss.get(first.headers["location"]).headers["etag"] == first.headers["etag"]
    assert len(stage.audited("role_created")) == 1
    assert boss.create("/v1/roles", {**body, "name": "other"}, key="k1").json()["code"] == "idempotency_key_reused"
    assert boss.ask("POST", "/v1/roles", json=body).json()["code"] == "idempotency_key_required"


def test_a_name_is_unique_in_its_organization(stage: Any, boss: Any, sign_in: Any) -> None:
    body = {"name": "tutor", "permissions": []}
    assert boss.create("/v1/roles", body).status_code == 201
    again = boss.create("/v1/roles", body)
    assert (again.status_code, again.json()["code"]) == (409, "role_name_taken")
    assert boss.create("/v1/roles", {"name": "admin", "permissions": []}).status_code == 409

    school = stage.organization("north-school")
    stage.person("head", "admin", org_id=school.id)
    assert sign_in("head").create("/v1/roles", body).status_code == 201


@pytest.mark.parametrize("name", ["Tutor", "tutor ", "", "1st", "t" * 65, "tut\u00f6r", "a\x00b"])
def test_a_name_is_one_plain_word(boss: Any, name: str) -> None:
    assert boss.create("/v1/roles", {"name": name, "permissions": []}).status_code == 422


@pytest.mark.parametrize("permission", ["*", "courses", "courses:*", "Courses:read", "courses:read ", ""])
def test_a_permission_is_a_noun_and_a_verb(boss: Any, permission: str) -> None:
    assert boss.create("/v1/roles", {"name": "tutor", "permissions": [permission]}).status_code == 422


def test_what_a_role_permits_counts_at_once(stage: Any, boss: Any, sign_in: Any) -> None:
    role = stage.role("clerk", "courses:read")
    ada = stage.person("ada", roles=[role.id])
    clerk = sign_in("ada")
    assert clerk.get("/v1/users").status_code == 403

    changed = boss.change(f"/v1/roles/{role.id}", {"permissions": ["users:read"]})

    assert changed.status_code == 200
    assert clerk.get("/v1/users").status_code == 200
    boss.change(f"/v1/roles/{role.id}", {"permissions": []})
    assert clerk.get("/v1/users").status_code == 403
    assert People().get(ada.id).outbox == [], "the roles of nobody changed"
    assert [entry.details["added"] for entry in stage.audited("role_changed")] == ["users:read", ""]
    assert [entry.details["removed"] for entry in stage.audited("role_changed")] == ["courses:read", "users:read"]


def test_a_change_made_elsewhere_counts_within_five_seconds(stage: Any, sign_in: Any) -> None:
    role = stage.role("clerk", "users:read")
    stage.person("ada", roles=[role.id])
    clerk = sign_in("ada")
    assert clerk.get("/v1/users").status_code == 200
    role.permissions = []
    Roles().save(role)
    assert clerk.get("/v1/users").status_code == 200, "believed for a while"
    stage.clock.advance(timedelta(seconds=5))

    assert clerk.get("/v1/users").status_code == 403


@pytest.mark.parametrize("name", BUILTIN_ROLES)
def test_built_in_roles_stay_as_they_are(boss: Any, name: str) -> None:
    answer = boss.change(f"/v1/roles/{role_id(DEFAULT_ORG, name)}", {"permissions": []})

    assert (answer.status_code, answer.json()["code"]) == (409, "builtin_role")


class TestNobodyAboveThemselves:
    @pytest.fixture
    def editor(self, stage: Any, sign_in: Any) -> Any:
        self.own = stage.role("editor", "roles:read", "roles:write", "courses:read")
        stage.person("editor", roles=[self.own.id])
        return sign_in("editor")

    def test_he_makes_roles_of_what_he_has(self, editor: Any) -> None:
        assert editor.create("/v1/roles", {"name": "reader", "permissions": ["courses:read"]}).status_code == 201

    @pytest.mark.parametrize("permissions", [["users:write"], ["courses:read", "organizations:create"]])
    def test_he_makes_none_of_what_he_has_not(self, editor: Any, permissions: list[str]) -> None:
        answer = editor.create("/v1/roles", {"name": "mighty", "permissions": permissions})

        assert (answer.status_code, answer.json()["code"]) == (403, "escalation")
        assert Roles().by_name("mighty") is None

    def test_he_adds_to_none_what_he_has_not_not_even_to_his_own(self, stage: Any, editor: Any) -> None:
        for role in (stage.role("reader", "courses:read"), self.own):
            answer = editor.change(f"/v1/roles/{role.id}", {"permissions": ["courses:read", "users:write"]})
            assert answer.status_code == 403
            assert "users:write" not in Roles().get(role.id).permissions

    def test_he_takes_from_none_what_he_has_not(self, stage: Any, editor: Any) -> None:
        role = stage.role("mighty", "courses:read", "users:write")

        assert editor.change(f"/v1/roles/{role.id}", {"permissions": ["courses:read"]}).status_code == 403

    def test_only_the_platforms_administrators_make_organizations(self, stage: Any, sign_in: Any) -> None:
        school = stage.organization("north-school")
        stage.person("head", "admin", org_id=school.id)
        head = sign_in("head")

        answer = head.create("/v1/roles", {"name": "founder", "permissions": ["organizations:create"]})
        assert answer.status_code == 403
        assert head.create("/v1/organizations", {"slug": "mine", "name": "Mine"}).status_code == 403


def test_another_organizations_roles_are_not_there(stage: Any, boss: Any) -> None:
    school = stage.organization("north-school")
    role = stage.role("tutor", org_id=school.id)

    for answer in (
        boss.get(f"/v1/roles/{role.id}"),
        boss.change(f"/v1/roles/{role.id}", {"permissions": []}, version='"1"'),
        boss.get(f"/v1/roles/{role_id(school.id, ADMIN)}"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert {one["name"] for one in boss.get("/v1/roles").json()["items"]} == {"admin", "student", "trainer"}


def test_a_role_for_one_course_permits_nothing_elsewhere(stage: Any, sign_in: Any) -> None:
    role = Roles().insert(Role(name="reviewer", permissions=["users:read"], scope=RoleScope.COURSE.value))
    stage.person("ada", roles=[role.id])
    ada = sign_in("ada")

    assert ada.get("/v1/users").status_code == 403
    assert ada.get("/v1/me").json()["roles"] == []
    stage.person("boss", "admin")
    given = sign_in("boss").change(f"/v1/users/{stage.person('tom').id}", {"roles": ["reviewer"]})
    assert (given.status_code, given.json()["code"]) == (422, "unknown_role")


class TestBuiltIn:
    def test_each_may_what_the_one_before_may_and_more(self) -> None:
        student, trainer, admin = (set(BUILTIN_ROLES[name]) for name in (STUDENT, TRAINER, ADMIN))

        assert student < trainer < admin
        assert "organizations:create" not in admin
        assert "organizations:create" in permissions_of(ADMIN, DEFAULT_ORG)
        assert "organizations:create" not in permissions_of(ADMIN, new_id())

    def test_ids_are_the_same_everywhere_and_fit(self) -> None:
        assert role_id("a", ADMIN) != role_id("b", ADMIN)
        assert all(is_id(role_id("x" * 64, name)) for name in BUILTIN_ROLES)

    def test_what_an_older_release_stored_is_renewed_and_what_is_ones_own_stays(self, stage: Any) -> None:
        roles, own = Roles(), stage.role("tutor", "courses:read")
        older = roles.get(role_id(DEFAULT_ORG, TRAINER))
        older.permissions, older.builtin = ["courses:read"], False
        roles.save(older)

        roles.ensure_builtin(DEFAULT_ORG)

        renewed = roles.get(older.id)
        assert (list(renewed.permissions), renewed.builtin) == (list(permissions_of(TRAINER, DEFAULT_ORG)), True)
        assert roles.get(own.id).version == own.version
        roles.ensure_builtin(DEFAULT_ORG)
        assert roles.get(older.id).version == renewed.version, "nothing is written when all is well"


def test_a_grant_names_what_is_missing() -> None:
    check_grant({"a:b", "c:d"}, ["a:b"], [])
    with pytest.raises(Escalation) as raised:
        check_grant({"a:b"}, ["a:b", "x:y"], ["c:d"])

    assert raised.value.permissions == ("c:d", "x:y")


def test_every_organizations_built_in_roles_are_renewed_at_the_start(stage: Any) -> None:
    roles, schools = Roles(), [stage.organization(f"school-{number}") for number in range(5)]
    for school in schools:
        older = roles.get(role_id(school.id, STUDENT))
        older.permissions = []
        roles.save(older)

    storage.ensure_contents(page_size=2)

    for school in schools:
        assert list(roles.get(role_id(school.id, STUDENT)).permissions) == list(permissions_of(STUDENT, school.id))


def test_a_name_that_an_organization_took_first_stays_its_own(stage: Any, caplog: pytest.LogCaptureFixture) -> None:
    school, roles = stage.organization("north-school"), Roles()
    roles.delete(roles.get(role_id(school.id, TRAINER)))
    own = stage.role(TRAINER, "courses:read", org_id=school.id)

    storage.ensure_contents()

    assert (roles.get(own.id).version, list(roles.get(own.id).permissions)) == (own.version, ["courses:read"])
    assert roles.find(role_id(school.id, TRAINER)) is None
    assert "has a role trainer of its own" in caplog.text
