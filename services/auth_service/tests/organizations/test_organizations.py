"""Organizations: made whole, looked after by their maker, and nobody else's to see."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from auth_service.contention import Contended
from auth_service.organizations import administrators
from auth_service.organizations.administrators import LEASE, Administrators
from auth_service.organizations.exceptions import LastAdministrator
from auth_service.organizations.repository import Organizations
from auth_service.people import People
from auth_service.roles.repository import Roles
from lyceum_database import NotFound, Unavailable

on_both_engines = pytest.mark.parametrize(
    "staged", ["embedded", pytest.param("wire", marks=pytest.mark.wire)], indirect=True
)


@pytest.fixture
def boss(stage: Any, sign_in: Any) -> Any:
    stage.person("boss", "admin")
    return sign_in("boss")


NORTH = {"slug": "north-school", "name": "North School"}


def test_its_maker_administers_it(stage: Any, boss: Any, sign_in: Any) -> None:
    made = boss.create("/v1/organizations", NORTH)
    assert (made.status_code, made.json()["status"]) == (201, "active")

    there = sign_in("boss", organization="north-school")

    assert there.get("/v1/me").json()["roles"] == ["admin"]
    assert {one["name"] for one in there.get("/v1/roles").json()["items"]} == {"admin", "student", "trainer"}
    assert {one["slug"] for one in there.get("/v1/organizations").json()["items"]} == {"default", "north-school"}
    assert [one["email"] for one in there.get("/v1/users").json()["items"]] == ["boss@example.org"]
    user = People().by_email("boss@example.org")
    assert user is not None
    assert [entry["type"] for entry in user.outbox] == ["USER_ROLE_CHANGED"]
    assert user.outbox[0]["headers"]["ce_orgid"] == made.json()["id"]
    assert len(stage.audited("organization_created")) == 1


@on_both_engines
def test_a_slug_is_taken_once(boss: Any) -> None:
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: boss.create("/v1/organizations", NORTH), range(6)))

    made = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    assert len(set(made)) == 1
    assert {answer.json().get("code") for answer in answers if answer.status_code != 201} <= {"slug_taken"}
    late = boss.create("/v1/organizations", NORTH)
    assert (late.status_code, late.json()["code"]) == (409, "slug_taken")


def test_another_ones_slug_is_not_taken_over(stage: Any, boss: Any, sign_in: Any) -> None:
    stage.organization("north-school", created_by="somebody")

    assert boss.create("/v1/organizations", NORTH).status_code == 409


@pytest.mark.parametrize("step", ["_first_administrator", "ensure_builtin"])
def test_a_creation_that_was_cut_short_is_finished_by_its_maker(
    stage: Any, boss: Any, sign_in: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def away(*_: Any) -> None:
        raise Unavailable("the database went away")

    service = next(one for kind, one in stage.services.items() if kind.__name__ == "OrganizationService")
    with monkeypatch.context() as crashing:
        crashing.setattr(Roles if step == "ensure_builtin" else service, step, away)
        assert boss.create("/v1/organizations", NORTH, key="k").status_code == 503

    made = boss.create("/v1/organizations", NORTH, key="k")

    assert made.status_code == 201
    assert sign_in("boss", organization="north-school").get("/v1/users").status_code == 200
    assert boss.create("/v1/organizations", NORTH, key="k").json() == made.json()


def test_members_see_it_and_nobody_else(stage: Any, boss: Any, sign_in: Any) -> None:
    school = stage.organization("north-school")
    stage.person("ada", org_id=school.id)

    assert sign_in("ada").get(f"/v1/organizations/{school.id}").json()["slug"] == "north-school"
    refused = boss.get(f"/v1/organizations/{school.id}")
    assert (refused.status_code, refused.json()["code"]) == (404, "not_found")


def test_it_is_renamed_from_within_at_the_version_that_was_seen(stage: Any, boss: Any) -> None:
    school = stage.organization("north-school")
    user = People().by_email("boss@example.org")
    assert user is not None
    user.org_ids = ["default", school.id]
    People().save(user)

    renamed = boss.change("/v1/organizations/default", {"name": "Academy"})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Academy")
    assert boss.change("/v1/organizations/default", {"name": "Late"}, version='"1"').status_code == 412
    assert boss.change(f"/v1/organizations/{school.id}", {"name": "Mine"}).status_code == 404
    assert boss.change("/v1/organizations/default", {"slug": "other"}).status_code == 422


class TestTurns:
    @pytest.fixture
    def turns(self, stage: Any) -> Administrators:
        stage.person("boss", "admin")
        stage.person("deputy", "admin")
        return Administrators(Organizations(clock=stage.clock), People(clock=stage.clock), clock=stage.clock)

    def test_one_at_a_time(self, turns: Administrators, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(administrators, "PATIENCE_S", 0.05)
        with turns.without("x", ["default"]), pytest.raises(Contended), turns.without("y", ["default"]):
            pass
        with turns.without("y", ["default"]):
            pass

    def test_a_turn_ends_with_an_error_too(self, turns: Administrators) -> None:
        for _ in range(2):
            with pytest.raises(KeyError), turns.without("x", ["default"]):
                raise KeyError

    def test_the_turn_of_a_process_that_died_runs_out(self, stage: Any, turns: Administrators) -> None:
        assert turns._take("default", "dead")
        assert not turns._take("default", "next")
        stage.clock.advance(LEASE)
        assert turns._take("default", "next")
        Organizations().give_turn_back("default", "dead")
        assert not turns._take("default", "third"), "the dead one's return takes nobody's turn"

    def test_a_turn_is_no_change_of_the_organization(self, turns: Administrators) -> None:
        before = Organizations().get("default").version
        with turns.without("x", ["default"]):
            assert Organizations().get("default").version == before

    def test_who_would_be_missed_is_kept(self, stage: Any, turns: Administrators) -> None:
        school = stage.organization("north-school")
        only = stage.person("only", "admin", org_id=school.id)
        with pytest.raises(LastAdministrator), turns.without(only.id, ["default", school.id]):
            pass
        with turns.without("x", ["default", school.id]):
            pass

    def test_an_organization_that_is_not_there_has_no_turn(
        self, turns: Administrators, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(administrators, "PATIENCE_S", 0.05)
        with pytest.raises((Contended, NotFound)), turns.without("x", ["nowhere"]):
            pass


def test_what_the_lease_outlasts(stage: Any) -> None:
    assert timedelta(milliseconds=stage.settings.mongo.socket_timeout_ms) * 2 < LEASE
