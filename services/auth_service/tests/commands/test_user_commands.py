"""The first administrator: made or promoted by an operator, with a password that no other process can read."""

import json
from pathlib import Path
from typing import Any

import pytest

from auth_service.audit.repository import AuditEntries
from auth_service.commands import users
from auth_service.people import People
from auth_service.roles.builtin import role_id
from lyceum_contracts import decode
from lyceum_database import DEFAULT_ORG, Organization, OrganizationRepository, Repository, Role, User
from lyceum_database.states import UserStatus

from .conftest import Run

PASSWORD = "violet harbour 9"  # noqa: S105 - of nobody
ADMIN = role_id(DEFAULT_ORG, "admin")

pytestmark = pytest.mark.usefixtures("embedded")


def events_of(user: User) -> list[Any]:
    return [
        decode(entry["value"].encode(), [(name, text.encode()) for name, text in entry["headers"].items()]).event
        for entry in user.outbox
    ]


def made(run: Run, *arguments: str) -> User:
    done = run(users, "create-admin", "ada@example.org", *arguments, input=f"{PASSWORD}\n")
    assert (done.exit_code, done.stderr) == (0, "")
    user = People().by_email("ada@example.org")
    assert user is not None
    return user


def test_an_administrator_is_made_with_the_password_of_standard_input(run: Run) -> None:
    user = made(run)

    assert (user.roles, user.org_ids, user.status) == ([ADMIN], [DEFAULT_ORG], UserStatus.ACTIVE.value)
    assert (user.password_hash or "").startswith("$argon2id$")
    assert PASSWORD not in str(user.to_mongo())
    (event,) = events_of(user)
    assert (event.type, event.user_id, event.roles) == ("USER_REGISTERED", user.id, ("admin",))


def test_the_password_may_stand_in_the_first_line_of_a_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "admin.txt").write_text(f"{PASSWORD}\r\nnot this\n", encoding="utf-8")

    done = run(users, "create-admin", "ada@example.org", "--password-file", str(tmp_path / "admin.txt"), "--json")

    assert done.exit_code == 0
    said = json.loads(done.stdout)
    assert (said["email"], said["organization"], said["changed"]) == ("ada@example.org", "default", True)


def test_no_option_or_argument_takes_a_password(run: Run) -> None:
    assert run(users, "create-admin", "ada@example.org", PASSWORD, input="").exit_code == 2
    assert run(users, "create-admin", "ada@example.org", "--password", PASSWORD, input="").exit_code == 2


@pytest.mark.parametrize(
    ("email", "given", "said"),
    [
        ("ada", PASSWORD, "error: 'ada' is no e-mail address, such as ada@example.org\n"),
        ("a\x1b@example.org", PASSWORD, "error: 'a\\x1b@example.org' is no e-mail address, such as ada@example.org\n"),
        ("ada@example.org", "", "error: no password: type it when asked, or give a file whose first line it is"),
        ("ada@example.org", "short", "error: give at least 10 characters\n"),
        ("ada@example.org", "password123", "error: this password is known from a data breach: choose another\n"),
        ("ada.lovelace@example.org", "ada.lovelace", "error: choose a password that is not your name or address\n"),
    ],
)
def test_what_is_wrong_is_one_line_and_nobody_is_made(run: Run, email: str, given: str, said: str) -> None:
    done = run(users, "create-admin", email, input=f"{given}\n")

    assert done.exit_code == 2
    assert done.stderr.startswith(said)
    assert done.stderr.count("\n") == 1
    assert User.objects.count() == 0


def test_an_address_that_has_an_account_is_not_given_another_password(run: Run) -> None:
    before = made(run)

    done = run(users, "create-admin", "ADA@Example.org", input="another password 1\n")

    assert done.exit_code == 2
    assert "has an account" in done.stderr
    assert "--promote" in done.stderr
    assert People().get(before.id).password_hash == before.password_hash


def test_an_account_is_promoted_once_and_the_world_is_told(run: Run) -> None:
    user = People().insert(
        User(name="Bo", email="bo@example.org", status="active", roles=["r-1"], org_ids=[DEFAULT_ORG])
    )

    first = run(users, "create-admin", "bo@example.org", "--promote", "--yes")
    again = run(users, "create-admin", "bo@example.org", "--promote", "--yes")

    assert (first.exit_code, again.exit_code) == (0, 0)
    assert first.stdout == f"bo@example.org ({user.id}) is an administrator of default.\n"
    assert again.stdout == f"bo@example.org ({user.id}) was already an administrator of default.\n"
    stored = People().get(user.id)
    assert stored.roles == ["r-1", ADMIN]
    (event,) = events_of(stored)
    assert (event.type, event.by, event.roles) == ("USER_ROLE_CHANGED", "operator", ("admin",))


def test_whose_account_it_is_is_shown_before_it_is_promoted(run: Run) -> None:
    user = People().insert(User(name="Bo\x1b[2J", email="bo@example.org", status="active", org_ids=[DEFAULT_ORG]))

    done = run(users, "create-admin", "bo@example.org", "--promote")

    assert done.exit_code == 2
    shown, refused = done.stderr.splitlines()
    assert shown.startswith("bo@example.org: Bo\\x1b[2J, signed up 20")
    assert shown.endswith("Z, never signed in.")
    assert refused.endswith("make sure that it is theirs, then add --yes")
    assert People().get(user.id).roles == []


@pytest.mark.parametrize("status", ["suspended", "erased", "locked", "invited"])
def test_who_may_not_sign_in_is_not_promoted(run: Run, status: str) -> None:
    People().insert(User(name="Bo", email="bo@example.org", status=status))

    done = run(users, "create-admin", "bo@example.org", "--promote", "--yes")

    assert (done.exit_code, done.stderr) == (2, f"error: an account that is {status} cannot become active\n")


def test_an_administrator_of_another_organization_is_one_there_only(run: Run) -> None:
    OrganizationRepository().insert(Organization(id="org-2", slug="north", name="North"))

    user = made(run, "--org", "north")

    assert (user.roles, user.org_ids) == ([role_id("org-2", "admin")], ["org-2"])


def test_the_first_administrator_of_an_organization_has_roles_that_exist(run: Run) -> None:
    user = made(run)

    role = Repository(Role).get(user.roles[0])
    assert "users:write" in role.permissions


@pytest.mark.parametrize("name", ["ev\x1b[31mil", "a\nb", " ", "n" * 201])
def test_a_name_is_held_to_the_rules_of_the_routes(run: Run, name: str) -> None:
    done = run(users, "create-admin", "ada@example.org", "--name", name, input=f"{PASSWORD}\n")

    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert done.stderr.startswith("error: --name: ")
    assert User.objects.count() == 0


def test_a_password_that_nobody_could_send_is_refused(run: Run) -> None:
    done = run(users, "create-admin", "ada@example.org", input="violet\0harbour 9\n")

    assert (done.exit_code, done.stderr) == (
        2,
        "error: the password holds a character that cannot be sent: choose another\n",
    )


def test_an_organization_that_does_not_exist_is_named(run: Run) -> None:
    done = run(users, "create-admin", "ada@example.org", "--org", "nowhere", input=f"{PASSWORD}\n")

    assert (done.exit_code, done.stderr) == (2, "error: --org nowhere: no such organization\n")


def test_a_database_without_indexes_is_refused_as_two_could_have_one_address(run: Run) -> None:
    User._get_collection().drop_indexes()

    done = run(users, "create-admin", "ada@example.org", input=f"{PASSWORD}\n")

    assert done.exit_code == 2
    assert "User (email_norm) is missing" in done.stderr


def test_the_act_is_in_the_audit_log_as_the_operators(run: Run) -> None:
    user = made(run)

    (entry,) = AuditEntries().page(org_id=DEFAULT_ORG, after_id=None, limit=10)
    assert (entry.actor_id, entry.target_id, entry.action) == ("operator", user.id, "signed_up")


def test_the_help_shows_how(run: Run) -> None:
    assert "lyceum users create-admin ada@example.org" in run(users, "create-admin", "--help").stdout
