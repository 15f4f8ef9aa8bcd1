"""Every security act leaves an entry that nobody can change."""

from typing import Any

import pytest

from auth_service.audit.repository import AuditEntries
from auth_service.models import AuditEntry
from auth_service.states import AuditAction
from lyceum_database import InvalidRecord, Repository
from lyceum_database.indexes import declared_indexes

PASSWORD = "violet harbour 9"  # noqa: S105 - of nobody


@pytest.fixture
def boss(stage: Any, sign_in: Any) -> Any:
    stage.person("boss", "admin")
    return sign_in("boss")


def perform_everything(stage: Any, boss: Any, sign_in: Any) -> None:
    client = boss.client
    for _ in range(2):
        client.post("/v1/signup", json={"email": "ada@example.org", "password": PASSWORD, "name": "Ada"})
    client.post("/v1/login", json={"email": "ada@example.org", "password": "wrong password"})
    ada, other, third = (sign_in("ada") for _ in range(3))
    spent = third.tokens["refresh_token"]
    third.refresh()
    third.refresh(spent)
    ada.ask("DELETE", f"/v1/sessions/{other.session_id}")
    for current in ("wrong password", PASSWORD):
        ada.ask("PUT", "/v1/me/password", json={"current_password": current, "new_password": "amber lantern 42"})
    ada.ask("POST", "/v1/logout")
    role = boss.create("/v1/roles", {"name": "tutor", "permissions": ["courses:read"]})
    boss.change(role.headers["location"], {"permissions": []})
    boss.create("/v1/organizations", {"slug": "north-school", "name": "North School"})
    boss.change("/v1/organizations/default", {"name": "Academy"})
    invited = [
        boss.create("/v1/invitations", {"email": f"{name}@example.org", "roles": ["student"]})
        for name in ("tom", "tim")
    ]
    body = {"email": "tom@example.org", "password": PASSWORD, "name": "Tom"}
    client.post(f"/v1/invitations/{invited[0].json()['token']}/acceptance", json={**body, "email": "x@example.org"})
    tom = client.post(f"/v1/invitations/{invited[0].json()['token']}/acceptance", json=body).json()["user_id"]
    path = invited[1].headers["location"]
    boss.ask("DELETE", path, headers={"If-Match": boss.get(path).headers["etag"]})
    boss.change(f"/v1/users/{tom}", {"roles": ["trainer"]})
    boss.change(f"/v1/users/{tom}", {"status": "suspended", "reason": "left"})
    boss.change(f"/v1/users/{tom}", {"status": "active"})


def test_every_act_is_written_down(stage: Any, boss: Any, sign_in: Any) -> None:
    perform_everything(stage, boss, sign_in)

    assert {entry.action for entry in stage.audited()} == {action.value for action in AuditAction}
    assert {entry.address for entry in stage.audited()} == {"127.0.0.1"}


def test_no_entry_holds_a_secret_or_an_address_of_mail(stage: Any, boss: Any, sign_in: Any) -> None:
    perform_everything(stage, boss, sign_in)

    written = "".join(str(entry.to_mongo()) for entry in stage.audited())
    for secret in (PASSWORD, "amber lantern", "wrong password", "@example.org", boss.tokens["refresh_token"]):
        assert secret not in written


def test_an_entry_is_never_changed(stage: Any, boss: Any) -> None:
    entry = stage.audited("logged_in")[0]
    entry.actor_id = "somebody-else"

    with pytest.raises(InvalidRecord):
        Repository(AuditEntry).save(entry)
    assert stage.audited("logged_in")[0].actor_id != "somebody-else"
    assert not {"save", "delete", "update"} & set(dir(AuditEntries()))


def test_entries_are_kept_for_more_than_a_year() -> None:
    expiring = [
        options["expireAfterSeconds"] for _, options in declared_indexes(AuditEntry) if "expireAfterSeconds" in options
    ]

    assert expiring == [400 * 24 * 3600]


def test_administrators_read_their_own_organizations_entries(stage: Any, boss: Any, sign_in: Any) -> None:
    school = stage.organization("north-school")
    stage.person("head", "admin", org_id=school.id)
    stage.person("ada")
    head, ada = sign_in("head"), sign_in("ada")
    role = boss.create("/v1/roles", {"name": "tutor", "permissions": []}).json()["id"]

    everything = boss.get("/v1/audit-entries?limit=100").json()["items"]
    assert [entry["action"] for entry in everything] == ["role_created", "logged_in", "logged_in"]
    (made,) = boss.get(f"/v1/audit-entries?target_id={role}").json()["items"]
    assert (made["action"], made["details"]["role"]) == ("role_created", "tutor")
    assert [entry["action"] for entry in head.get("/v1/audit-entries").json()["items"]] == ["logged_in"]
    assert ada.get("/v1/audit-entries").status_code == 403


def test_a_cursor_of_another_filter_is_refused(stage: Any, boss: Any, sign_in: Any) -> None:
    for name in ("ada", "eve"):
        stage.person(name)
        sign_in(name)
    cursor = boss.get("/v1/audit-entries?limit=1").json()["next_cursor"]

    first, second = (boss.get(f"/v1/audit-entries?limit=1{rest}").json() for rest in ("", f"&cursor={cursor}"))
    assert first["items"][0]["id"] > second["items"][0]["id"], "the newest first"
    refused = boss.get(f"/v1/audit-entries?limit=1&actor_id=x&cursor={cursor}")
    assert (refused.status_code, refused.json()["code"]) == (400, "invalid_cursor")
