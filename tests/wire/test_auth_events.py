"""What happens to people reaches Kafka, whatever dies in between: the event is in the very write that it reports."""

import os
import secrets
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from lyceum_contracts import SessionRevoked, UserRegistered, UserRoleChanged, UserSuspended
from lyceum_database import MongoSettings, close, connect
from lyceum_database.repositories import UserRepository

from .signing_in import NOWHERE, AuthDeployment, Running, serving

pytestmark = pytest.mark.wire

ADMIN = "admin@example.org"


@pytest.fixture
def deployment(tmp_path: Path) -> AuthDeployment:
    here = os.environ  # noqa: TID251 - where wire tests find their servers
    made = AuthDeployment(here["KAFKA_BOOTSTRAP"], here["MONGODB_URI"], f"auth-{secrets.token_hex(4)}", tmp_path)
    made.deploy()
    return made


@pytest.fixture
def stored(deployment: AuthDeployment) -> Iterator[UserRepository]:
    connect(MongoSettings(uri=deployment.uri, database=deployment.name))
    yield UserRepository()
    close()


def live(service: Running) -> tuple[str, str]:
    """One person's story: joined, became a trainer, was suspended; returns the ids of person and session."""
    service.sign_up("ada@example.org")
    ada = service.sign_in("ada@example.org")
    user_id = service.me(ada["access_token"])["id"]
    admin = service.sign_in(ADMIN)["access_token"]
    changes: tuple[dict[str, Any], ...] = ({"roles": ["trainer"]}, {"status": "suspended", "reason": "spam"})
    for number, change in enumerate(changes, start=1):
        status, answer = service.ask("PATCH", f"/v1/users/{user_id}", change, token=admin, If_Match=f'"{number}"')
        assert status == 200, answer
    return user_id, ada["session_id"]


def test_events_wait_in_their_documents_while_kafka_is_away_and_outlast_a_kill(deployment: AuthDeployment) -> None:
    deployment.make_administrator(ADMIN)
    with serving(deployment, KAFKA_BOOTSTRAP=NOWHERE) as service:
        user_id, session_id = live(service)
        service.kill()

    with serving(deployment):
        found = deployment.events(5)

    of_ada = [one.event for one in found if one.event.user_id == user_id]  # type: ignore[attr-defined] # every event of the topic has it
    by_type = {event.type: event for event in of_ada}
    assert Counter(event.type for event in of_ada) == dict.fromkeys(by_type, 1)
    registered, changed, suspended, revoked = (
        by_type[kind.type] for kind in (UserRegistered, UserRoleChanged, UserSuspended, SessionRevoked)
    )
    assert isinstance(registered, UserRegistered)
    assert registered.roles == ("student",)
    assert isinstance(changed, UserRoleChanged)
    assert changed.roles == ("trainer",)
    assert isinstance(suspended, UserSuspended)
    assert suspended.reason == "spam"
    assert isinstance(revoked, SessionRevoked)
    assert revoked.session_id == session_id
    order = [event.type for event in of_ada if event.type.startswith("USER_")]
    assert order == [UserRegistered.type, UserRoleChanged.type, UserSuspended.type]
    assert all(one.envelope.source == "/auth-service" for one in found)


class Crowd:
    """Four clients who make accounts until nobody answers any more."""

    def __init__(self, service: Running, run: int) -> None:
        self._service, self._run = service, run
        self._numbers, self._turn = count(), threading.Lock()
        self._many = threading.Event()
        self._threads = [threading.Thread(target=self._sign_up) for _ in range(4)]

    def _sign_up(self) -> None:
        while True:
            with self._turn:
                number = next(self._numbers)
            try:
                self._service.sign_up(f"p{self._run}-{number}@example.org")
            except OSError:
                return
            if number >= 15:
                self._many.set()

    def until_the_service_is_killed(self) -> None:
        for thread in self._threads:
            thread.start()
        assert self._many.wait(30)
        self._service.kill()
        for thread in self._threads:
            thread.join()


def test_whoever_has_an_account_was_announced_however_often_the_service_is_killed(
    deployment: AuthDeployment, stored: UserRepository
) -> None:
    for run in range(2):
        with serving(deployment) as service:
            Crowd(service, run).until_the_service_is_killed()

    people = {user.id for user in stored.list_(limit=1000)}
    with serving(deployment):
        found = deployment.events(len(people))

    assert len(people) >= 30
    assert {one.event.user_id for one in found} == people  # type: ignore[attr-defined] # as above
    assert len({one.envelope.id for one in found}) == len(people), "a repeat repeats the id"
