"""Invitations: good once, for one address, in time, and for no more than the inviter may."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import httpx
import pytest

from auth_service.invitations.acceptance import CLAIM
from auth_service.invitations.joining import Joining
from auth_service.models import Invitation
from auth_service.people import People
from auth_service.roles.builtin import role_id
from auth_service.roles.repository import Roles
from auth_service.states import InvitationStatus
from lyceum_database import Repository, Unavailable
from lyceum_web.models import IdempotencyRecord

on_both_engines = pytest.mark.parametrize(
    "staged", ["embedded", pytest.param("wire", marks=pytest.mark.wire)], indirect=True
)


WHO = {"email": "tom@example.org", "password": "amber lantern 42", "name": "Tom"}


@pytest.fixture
def boss(stage: Any, sign_in: Any) -> Any:
    stage.person("boss", "admin")
    return sign_in("boss")


def invite(boss: Any, *roles: str, email: str = "tom@example.org", key: str | None = None) -> dict[str, Any]:
    answer = boss.create("/v1/invitations", {"email": email, "roles": list(roles or ("trainer",))}, key=key)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def accept(client: httpx.Client, invitation: dict[str, Any], **changes: Any) -> httpx.Response:
    return client.post(f"/v1/invitations/{invitation['token']}/acceptance", json={**WHO, **changes})


def stored(invitation: dict[str, Any]) -> Invitation:
    return Repository(Invitation).get(invitation["id"])


def test_an_invited_stranger_gets_an_account_with_these_roles(stage: Any, boss: Any, sign_in: Any) -> None:
    invitation = invite(boss, "trainer", "student")
    answer = accept(boss.client, invitation)

    assert (answer.status_code, answer.json()["organization"]) == (201, "default")
    assert sorted(answer.json()["roles"]) == ["student", "trainer"]
    tom = sign_in("tom", password=WHO["password"])
    assert tom.get("/v1/me").json()["roles"] == ["student", "trainer"]
    user = People().get(answer.json()["user_id"])
    assert [entry["type"] for entry in user.outbox] == ["USER_REGISTERED"]
    shown = boss.get(f"/v1/invitations/{invitation['id']}").json()
    assert (shown["status"], shown["accepted_by"]) == ("accepted", user.id)
    assert [entry.actor_id for entry in stage.audited("invitation_accepted")] == [user.id]


def test_an_invited_member_keeps_the_account_and_gets_the_roles_besides(stage: Any, boss: Any, sign_in: Any) -> None:
    school = stage.organization("north-school")
    user = stage.person("tom", org_id=school.id)
    answer = accept(boss.client, invite(boss), password="violet harbour 9", name="Another Name")  # noqa: S106 - of nobody

    assert answer.status_code == 201
    found = People().get(user.id)
    assert (found.name, set(found.org_ids)) == ("Tom", {school.id, "default"})
    assert set(found.roles) == {role_id(school.id, "student"), role_id("default", "trainer")}
    assert [entry["type"] for entry in found.outbox] == ["USER_ROLE_CHANGED"]
    assert sign_in("tom", organization="default").get("/v1/me").json()["roles"] == ["trainer"]


def test_an_account_without_a_password_gets_it_by_the_invitation(stage: Any, boss: Any, sign_in: Any) -> None:
    stage.person("tom", roles=[], status="invited", password_hash=None)

    assert accept(boss.client, invite(boss)).status_code == 201
    assert sign_in("tom", password=WHO["password"]).get("/v1/me").json()["roles"] == ["trainer"]


@pytest.mark.parametrize("status", ["suspended", "erased", "locked"])
def test_who_is_kept_out_does_not_come_in_by_invitation(stage: Any, boss: Any, status: str) -> None:
    for hashed in (stage.hasher.hash(WHO["password"]), None):
        user = stage.person("tom", roles=[], status=status, password_hash=hashed)
        answer = accept(boss.client, invite(boss))
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
        assert People().get(user.id).roles == []
        People().delete(user)


def test_without_the_accounts_password_nothing_happens(stage: Any, boss: Any) -> None:
    user = stage.person("tom", roles=[])
    invitation = invite(boss)

    answer = accept(boss.client, invitation)

    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    assert People().get(user.id).roles == []
    assert accept(boss.client, invitation, password="violet harbour 9").status_code == 201  # noqa: S106 - of nobody


def test_a_new_accounts_password_has_to_be_good(boss: Any) -> None:
    answer = accept(boss.client, invite(boss), password="password1234")  # noqa: S106 - of nobody

    assert (answer.status_code, answer.json()["code"]) == (422, "weak_password")


@pytest.mark.parametrize("email", ["eve@example.org", "tom@example.com", "t.om@example.org", "tom+x@example.org"])
def test_another_address_has_no_such_invitation(stage: Any, boss: Any, email: str) -> None:
    answer = accept(boss.client, invite(boss), email=email)

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert People().by_email(email) is None
    assert len(stage.audited("invitation_refused")) == 1


def test_the_address_may_be_spelled_another_way(boss: Any) -> None:
    assert accept(boss.client, invite(boss), email="TOM@Example.ORG").status_code == 201


@pytest.mark.parametrize("token", ["nonsense", "unknown." + "A" * 43])
def test_a_token_that_was_never_made(boss: Any, token: str) -> None:
    made = invite(boss)

    assert accept(boss.client, {"token": token}).status_code == 404
    assert accept(boss.client, {"token": made["id"] + "." + "A" * 43}).status_code == 404


def test_it_is_good_once(boss: Any) -> None:
    invitation = invite(boss)
    assert accept(boss.client, invitation).status_code == 201

    again = accept(boss.client, invitation)

    assert (again.status_code, again.json()["code"]) == (409, "invitation_used")


@on_both_engines
@pytest.mark.parametrize("known", [True, False])
def test_of_many_acceptances_at_one_moment_one_counts(stage: Any, boss: Any, meeting: Any, known: bool) -> None:
    meeting(Joining, "proven", 8)
    for round_ in range(3):
        email = f"tom{round_}@example.org"
        if known:
            stage.person(f"tom{round_}", roles=[], password_hash=stage.hasher.hash(WHO["password"]))
        invitation, start = invite(boss, email=email), Barrier(8)

        def accepting(
            _: int, invitation: dict[str, Any] = invitation, start: Barrier = start, email: str = email
        ) -> int:
            start.wait()
            return accept(boss.client, invitation, email=email).status_code

        with ThreadPoolExecutor(8) as pool:
            counted = Counter(pool.map(accepting, range(8)))

        assert counted[201] == 1
        assert set(counted) <= {201, 409, 401}
        user = People().by_email(email)
        assert user is not None
        assert len(user.outbox) == 1
        assert stored(invitation).accepted_by == user.id


@on_both_engines
def test_acceptance_and_withdrawal_at_one_moment_do_not_both_happen(boss: Any) -> None:
    for round_ in range(6):
        email = f"tom{round_}@example.org"
        invitation, start = invite(boss, email=email), Barrier(2)

        def withdraw(invitation: dict[str, Any] = invitation, start: Barrier = start) -> int:
            path = f"/v1/invitations/{invitation['id']}"
            version = boss.get(path).headers["etag"]
            start.wait()
            status: int = boss.ask("DELETE", path, headers={"If-Match": version}).status_code
            return status

        def join(invitation: dict[str, Any] = invitation, start: Barrier = start, email: str = email) -> int:
            start.wait()
            return accept(boss.client, invitation, email=email).status_code

        with ThreadPoolExecutor(2) as pool:
            withdrawn, joined = pool.submit(withdraw), pool.submit(join)
        outcome = (withdrawn.result() == 204, joined.result() == 201)

        assert outcome != (True, True)
        assert outcome != (False, False)
        assert (People().by_email(email) is not None) == outcome[1]


def test_it_expires(stage: Any, boss: Any) -> None:
    invitation = invite(boss)
    stage.clock.advance(stage.settings.invitation_lifetime - timedelta(seconds=1))
    assert stored(invitation).expires_at > stage.clock()
    stage.clock.advance(timedelta(seconds=1))

    answer = accept(boss.client, invitation)

    assert (answer.status_code, answer.json()["code"]) == (410, "invitation_expired")
    assert People().by_email("tom@example.org") is None


def test_it_is_withdrawn_at_the_version_that_was_seen(stage: Any, boss: Any) -> None:
    invitation = invite(boss)
    path = f"/v1/invitations/{invitation['id']}"

    assert boss.ask("DELETE", path).status_code == 428
    assert boss.ask("DELETE", path, headers={"If-Match": '"77"'}).status_code == 412
    assert boss.ask("DELETE", path, headers={"If-Match": boss.get(path).headers["etag"]}).status_code == 204

    answer = accept(boss.client, invitation)
    assert (answer.status_code, answer.json()["code"]) == (410, "invitation_ended")
    assert boss.get(path).json()["status"] == "revoked"
    assert len(stage.audited("invitation_revoked")) == 1


def test_what_was_accepted_is_not_withdrawn(boss: Any) -> None:
    invitation = invite(boss)
    accept(boss.client, invitation)
    path = f"/v1/invitations/{invitation['id']}"

    answer = boss.ask("DELETE", path, headers={"If-Match": boss.get(path).headers["etag"]})

    assert (answer.status_code, answer.json()["code"]) == (409, "invitation_used")


class TestTheInvitersRights:
    @pytest.fixture
    def clerk(self, stage: Any, sign_in: Any) -> Any:
        self.role = stage.role("clerk", "invitations:write", "invitations:read", "courses:read")
        stage.role("reader", "courses:read")
        self.person = stage.person("clerk", roles=[self.role.id])
        return sign_in("clerk")

    def test_he_invites_to_what_he_has(self, clerk: Any) -> None:
        assert accept(clerk.client, invite(clerk, "reader")).status_code == 201

    @pytest.mark.parametrize("roles", [["admin"], ["trainer"], ["reader", "student"]])
    def test_he_invites_to_nothing_that_he_has_not(self, clerk: Any, roles: list[str]) -> None:
        answer = clerk.create("/v1/invitations", {"email": "tom@example.org", "roles": roles})

        assert (answer.status_code, answer.json()["code"]) == (403, "escalation")

    def test_a_role_that_is_not_there_is_named(self, clerk: Any) -> None:
        answer = clerk.create("/v1/invitations", {"email": "tom@example.org", "roles": ["reader", "king"]})

        assert (answer.status_code, answer.json()["code"]) == (422, "unknown_role")

    @pytest.mark.parametrize("way", ["demoted", "demoted here", "suspended", "left", "role grew", "may invite no more"])
    def test_what_he_could_not_hand_out_now_is_not_handed_out(self, stage: Any, clerk: Any, way: str) -> None:
        invitation = invite(clerk, "reader")
        people, roles = People(), Roles()
        person, reader = people.get(self.person.id), roles.by_name("reader")
        assert reader is not None
        if way == "role grew":
            reader.permissions = ["courses:read", "users:write"]
            roles.save(reader)
        elif way == "may invite no more":
            role = roles.get(self.role.id)
            role.permissions = ["courses:read"]
            roles.save(role)
        else:
            elsewhere = role_id(stage.organization("north-school").id, "admin")
            person.roles = {"demoted": [], "demoted here": [elsewhere]}.get(way, person.roles)
            person.status = "suspended" if way == "suspended" else person.status
            person.org_ids = ["elsewhere"] if way == "left" else person.org_ids
            people.save(person)

        answer = accept(clerk.client, invitation)

        assert (answer.status_code, answer.json()["code"]) == (410, "invitation_ended")
        assert people.by_email("tom@example.org") is None


class TestTheToken:
    def test_it_is_stored_nowhere_and_shown_to_no_list(self, boss: Any) -> None:
        invitation = invite(boss)
        secret = invitation["token"].partition(".")[2]

        assert secret not in str(stored(invitation).to_mongo())
        for record in Repository(IdempotencyRecord).list_():
            assert secret.encode() not in (record.body or b"")
        assert secret not in boss.get("/v1/invitations").text
        assert "token" not in boss.get(f"/v1/invitations/{invitation['id']}").json()

    def test_the_same_request_again_makes_no_second_invitation_but_a_fresh_token(self, stage: Any, boss: Any) -> None:
        first, again = invite(boss, key="k"), invite(boss, key="k")

        assert first["id"] == again["id"]
        assert len(stage.audited("invited")) == 1
        assert accept(boss.client, first).status_code == 404
        assert accept(boss.client, again).status_code == 201
        assert invite(boss, key="k")["token"] is None

    def test_the_answer_names_the_version_that_can_be_withdrawn(self, boss: Any) -> None:
        body = {"email": "tom@example.org", "roles": ["student"]}
        made = boss.create("/v1/invitations", body)

        answer = boss.ask("DELETE", made.headers["location"], headers={"If-Match": made.headers["etag"]})

        assert answer.status_code == 204
        assert made.headers["cache-control"] == "no-store"

    def test_every_answer_names_one_version(self, boss: Any) -> None:
        body = {"email": "tom@example.org", "roles": ["student"]}
        answers = [boss.create("/v1/invitations", body, key="k") for _ in range(2)]

        assert [each.headers.get_list("etag") for each in answers] == [['"2"'], ['"3"']]


class TestACrash:
    def test_an_acceptance_that_failed_can_be_repeated_at_once(
        self, boss: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        invitation = invite(boss)

        def away(*_: Any, **__: Any) -> None:
            raise Unavailable("the database went away")

        with monkeypatch.context() as failing:
            failing.setattr(Joining, "join", away)
            assert accept(boss.client, invitation).status_code == 503

        assert accept(boss.client, invitation).status_code == 201

    def test_a_claim_left_behind_lapses(self, stage: Any, boss: Any) -> None:
        invitation = invite(boss)
        invitations = Repository(Invitation)
        found = invitations.get(invitation["id"])
        found.status, found.accepted_by = InvitationStatus.ACCEPTING.value, "somebody"
        found.claimed_until = stage.clock() + CLAIM
        invitations.save(found)

        assert accept(boss.client, invitation).status_code == 409
        stage.clock.advance(CLAIM)
        assert accept(boss.client, invitation).status_code == 201


def test_another_organizations_invitations_are_not_there(stage: Any, boss: Any, sign_in: Any) -> None:
    invitation = invite(boss)
    school = stage.organization("north-school")
    stage.person("head", "admin", org_id=school.id)
    head = sign_in("head")

    path = f"/v1/invitations/{invitation['id']}"
    for answer in (head.get(path), head.ask("DELETE", path, headers={"If-Match": '"1"'})):
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert head.get("/v1/invitations").json()["items"] == []
    assert [one["id"] for one in boss.get("/v1/invitations").json()["items"]] == [invitation["id"]]


def test_nobody_floods_strangers_with_invitations(boss: Any) -> None:
    statuses = Counter(
        boss.create("/v1/invitations", {"email": f"p{n}@example.org", "roles": ["student"]}).status_code
        for n in range(63)
    )

    assert statuses == {201: 60, 429: 3}
