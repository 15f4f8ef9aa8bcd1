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


@pytest.fixture(scope="session")
def own_broker() -> Iterator[Server]:
    with kafka_server() as server:
        yield server


@pytest.fixture
def broker(own_broker: Server) -> Iterator[Server]:
    """A broker that the test may freeze, stop and kill; it answers again afterwards."""
    yield own_broker
    if own_broker.running:
        own_broker.thaw()
    else:
        own_broker.start()


@pytest.fixture
def store() -> Iterator[Server]:
    """A MongoDB-protocol server that the test may freeze."""
    with mongo_server() as server:
        yield server
