"""Sessions are listed and ended from the command line; whoever must know is told."""

import json
from datetime import timedelta

import pytest

from auth_service.audit.repository import AuditEntries
from auth_service.commands import sessions
from auth_service.people import People
from auth_service.sessions.repository import Sessions
from lyceum_database import DEFAULT_ORG, Session, User, utc_now

from .conftest import Run

pytestmark = pytest.mark.usefixtures("embedded")


@pytest.fixture
def ada(embedded: None) -> User:
    return People().insert(User(name="Ada", email="ada@example.org", status="active"))


def session(user: User, *, days: int = 30, **fields: object) -> Session:
    now = utc_now()
    made = Session(
        user_id=user.id,
        refresh_hash="h",
        issued_at=now,
        expires_at=now + timedelta(days=days),
        device="laptop",
        **fields,
    )
    return Sessions().insert(made)


def test_only_sessions_that_count_are_listed_by_address_or_id(run: Run, ada: User) -> None:
    live = session(ada)
    session(ada, days=-1)
    session(ada, status="revoked")

    by_address = run(sessions, "list", "ADA@example.org")
    by_id = run(sessions, "list", ada.id, "--json")

    assert by_address.exit_code == 0
    assert live.id in by_address.stdout
    assert by_address.stdout.endswith("1 session.\n")
    assert max(map(len, by_address.stdout.splitlines())) <= 80
    assert [json.loads(line)["id"] for line in by_id.stdout.splitlines()] == [live.id]
    assert "refresh_hash" not in by_id.stdout


def test_a_session_is_ended_once_with_its_reason_and_its_event(run: Run, ada: User) -> None:
    found = session(ada)

    first = run(sessions, "revoke", found.id, "--reason", "lost laptop")
    again = run(sessions, "revoke", found.id)

    assert (first.stdout, again.stdout) == ("Ended 1 session.\n", "Ended 0 sessions.\n")
    stored = Sessions().get(found.id)
    assert (stored.status, stored.reason, len(stored.outbox)) == ("revoked", "lost laptop", 1)
    assert stored.outbox[0]["type"] == "SESSION_REVOKED"
    assert stored.outbox_due is not None
    (entry,) = AuditEntries().page(org_id=DEFAULT_ORG, after_id=None, limit=10)
    assert (entry.actor_id, entry.target_id, entry.details["reason"]) == ("operator", found.id, "lost laptop")


def test_all_sessions_of_a_person_are_ended_and_nobody_elses(run: Run, ada: User) -> None:
    bo = People().insert(User(name="Bo", email="bo@example.org", status="active"))
    for _ in range(3):
        session(ada)
    others = session(bo)

    done = run(sessions, "revoke", "--user", "ada@example.org")

    assert done.stdout == "Ended 3 sessions.\n"
    assert Sessions().live_of(ada.id) == []
    assert [one.id for one in Sessions().live_of(bo.id)] == [others.id]


def test_an_unknown_session_ends_none_of_the_others(run: Run, ada: User) -> None:
    found = session(ada)

    done = run(sessions, "revoke", found.id, "nobody")

    assert (done.exit_code, done.stderr) == (2, "error: no session nobody\n")
    assert Sessions().get(found.id).status == "live"


@pytest.mark.parametrize("arguments", [[], ["s-1", "--user", "ada@example.org"]])
def test_it_wants_sessions_or_a_person(run: Run, arguments: list[str]) -> None:
    done = run(sessions, "revoke", *arguments)

    assert (done.exit_code, done.stderr) == (2, "error: give session ids or --user, one of the two\n")


@pytest.mark.parametrize("name", ["nobody@example.org", "nobody", "no body", "$ne"])
def test_somebody_unknown_is_one_line(run: Run, name: str) -> None:
    done = run(sessions, "list", name)

    assert (done.exit_code, done.stderr) == (2, f"error: no user {name}: give an e-mail address or a user id\n")


def test_what_people_stored_cannot_steer_the_terminal(run: Run, ada: User) -> None:
    now = utc_now()
    Sessions().insert(
        Session(user_id=ada.id, refresh_hash="h", issued_at=now, expires_at=now + timedelta(days=1), device="\x1b[2J")
    )

    assert "\x1b" not in run(sessions, "list", ada.id).stdout
