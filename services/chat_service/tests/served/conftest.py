"""A stage on a database of the test's own, and people who are signed in there."""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

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
    application = stage.application()
    with application_client(application) as client:
        client.event_hooks["response"] = [partial(check_is_documented, application.openapi())]
        yield client


def check_is_documented(document: Mapping[str, Any], response: httpx.Response) -> None:
    """Whatever a test is refused, a reader of the document could have known."""
    method, path = response.request.method.lower(), response.request.url.path
    matching = [one for one in document["paths"] if re.fullmatch(re.sub("{.*?}", "[^/]+", one), path)]
    if response.status_code < 400 or not matching or method not in document["paths"][matching[0]]:
        return
    answers = document["paths"][matching[0]][method]["responses"]
    assert str(response.status_code) in answers, (method, path, response.status_code)
    name = answers[str(response.status_code)]["$ref"].rpartition("/")[2]
    (content,) = document["components"]["responses"][name]["content"].values()
    response.read()
    assert response.json()["code"] in content["examples"], (method, path, response.json()["code"])


@pytest.fixture
def signed_in(stage: Stage, client: httpx.Client) -> People:
    """Signs somebody in."""

    def person(user_id: str, *permissions: str, **options: str) -> Person:
        return Person(client, stage.headers(user_id, *permissions, **options))

    return person
