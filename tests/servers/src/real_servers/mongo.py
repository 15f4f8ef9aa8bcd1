"""mongo-java-server 1.47.0: the MongoDB protocol from memory, nothing survives a restart."""

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

import pymongo
from pymongo.errors import PyMongoError

from real_servers.jars import Say
from real_servers.jvm import Jvm, prepare
from real_servers.ports import LOOPBACK, free_port
from real_servers.server import Recipe, Server
from real_servers.settings import ServerSettings

HEAP_MB = 192

ANSWER_MS = 1000


def mongo_server(settings: ServerSettings | None = None, say: Say = lambda _: None) -> Server:
    """A server of its own, not yet started. Its data are gone after `kill`, `stop` and `restart`: memory only.

    Raises:
        ToolMissing: Java or Maven is absent.
        FetchFailed: Maven or the Java compiler failed.
    """
    cache = (settings or ServerSettings.from_environment()).cache
    return Server(_recipe(prepare("mongo", HEAP_MB, cache, _recipe, say)))


def _recipe(jvm: Jvm) -> Recipe:
    port = free_port()
    address = f"mongodb://{LOOPBACK}:{port}/?directConnection=true"
    return Recipe(
        name="mongo",
        address=address,
        command=jvm.command("MongoWire", str(port)),
        answers=partial(_answers_ping, address),
        folder=Path(tempfile.mkdtemp(prefix="mongo-")),
    )


def _answers_ping(address: str) -> bool:
    """The driver's own handshake, then a command; this server knows no `hello` outside the handshake."""
    client: pymongo.MongoClient[dict[str, Any]] = pymongo.MongoClient(address, serverSelectionTimeoutMS=ANSWER_MS)
    with client:
        try:
            return bool(client.admin.command("ping")["ok"])
        except PyMongoError:
            return False
