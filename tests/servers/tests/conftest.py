import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from real_servers.ports import LOOPBACK, free_port
from real_servers.server import Recipe, Server

ECHO = """
import signal, socket, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit())  # as Java does: a frozen process with a handler ignores SIGTERM
server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
while True:
    connection, _ = server.accept()
    with connection:
        connection.sendall(connection.recv(16))
"""


def echoes(port: int) -> bool:
    """The readiness of the stand-in: it gives back what it was sent."""
    try:
        with socket.create_connection((LOOPBACK, port), 0.3) as connection:
            connection.sendall(b"ready?")
            return connection.recv(16) == b"ready?"
    except OSError:
        return False


@pytest.fixture
def echo(tmp_path: Path) -> Iterator[Server]:
    """A Server whose program is small, so that its promises can be tested without Java."""
    port = free_port()
    folder = tmp_path / "server"
    folder.mkdir()
    command = (sys.executable, "-c", ECHO, str(port))
    with Server(Recipe("echo", f"{LOOPBACK}:{port}", command, lambda: echoes(port), folder)) as server:
        yield server
