import secrets
from collections.abc import Iterator

import pytest

from real_servers import ServerSettings, kafka_server, mongo_server
from real_servers.server import Server

from .deployment import Deployment


def given(address: str | None, variable: str) -> str:
    if not address:
        pytest.fail(f"{variable} is not set: run these tests by `./noxw -s wire`, which starts the servers")
    return address


@pytest.fixture
def deployment() -> Deployment:
    """On the servers that all tests share."""
    settings = ServerSettings.from_environment()
    return Deployment(
        bootstrap=given(settings.kafka_bootstrap, "KAFKA_BOOTSTRAP"),
        uri=given(settings.mongodb_uri, "MONGODB_URI"),
        name=f"wire-{secrets.token_hex(4)}",
    )


@pytest.fixture
def broker() -> Iterator[Server]:
    """A broker that the test may freeze and kill."""
    with kafka_server() as server:
        yield server


@pytest.fixture
def store() -> Iterator[Server]:
    """A MongoDB-protocol server that the test may freeze."""
    with mongo_server() as server:
        yield server
