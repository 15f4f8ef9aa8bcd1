"""A stage on a database of the test's own, and people who are signed in there."""

import os
from collections.abc import Callable, Iterator

import httpx
import pytest

from chat_service import storage
from lyceum_database import User
from lyceum_database.testing import temporary_database
from lyceum_web.testing.client import application_client

from .stage import Person, Stage

People = Callable[..., Person]


@pytest.fixture(params=["embedded"])
def stored(request: pytest.FixtureRequest) -> Iterator[str]:
    """An open connection to an empty database; on the server of MONGODB_URI if the parameter is `wire`."""
    uri = os.environ["MONGODB_URI"] if request.param == "wire" else None  # noqa: TID251 - the wire tests' own setting
    with temporary_database([*storage.MODELS, User], uri=uri):
        yield str(request.param)


@pytest.fixture
def stage(stored: str) -> Stage:
    return Stage()


@pytest.fixture
def client(stage: Stage) -> Iterator[httpx.Client]:
    with application_client(stage.application()) as client:
        yield client


@pytest.fixture
def signed_in(stage: Stage, client: httpx.Client) -> People:
    """Signs somebody in."""

    def person(user_id: str, *permissions: str, **options: str) -> Person:
        return Person(client, stage.headers(user_id, *permissions, **options))

    return person
