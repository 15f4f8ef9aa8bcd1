"""`lyceum up` as a person runs it: a process that prints where things are, serves them, and stops when told to."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from confluent_kafka import Consumer

from lyceum_contracts import USERS

from .running import PATIENCE_S, environment, up

PASSWORD = "violet harbour 9"  # noqa: S105 - of nobody


def status_of(address: str) -> int:
    with urllib.request.urlopen(address, timeout=PATIENCE_S) as answer:  # noqa: S310 - of the stack itself
        return int(answer.status)


def registered(bootstrap: str, wanted: set[str]) -> set[str]:
    """Read `users` from its start until these people were announced."""
    consumer = Consumer({"bootstrap.servers": bootstrap, "group.id": "test", "auto.offset.reset": "earliest"})
    consumer.subscribe([USERS.name])
    found: set[str] = set()
    deadline = time.monotonic() + PATIENCE_S
    try:
        while not wanted <= found and time.monotonic() < deadline:
            record = consumer.poll(1.0)
            if record is not None and record.error() is None:
                headers = dict(record.headers() or [])
                if headers.get("ce_type") == b"USER_REGISTERED":
                    found.add((record.key() or b"").decode())
    finally:
        consumer.close()
    return found


def test_somebody_signs_up_signs_in_and_is_announced_and_it_stops_in_order(tmp_path: Path) -> None:
    with up(tmp_path) as stack:
        stack.ask("/v1/signup", {"email": "ada@example.org", "password": PASSWORD, "name": "Ada"})
        ada = stack.sign_in("ada@example.org", PASSWORD)
        email, password = stack.found(r"Sign in as (\S+) with the password (\S+) ")
        admin = stack.sign_in(email, password)
        people = {ada["id"], admin["id"]}
        announced = registered(stack.found(r"Kafka:   embedded, at (\S+)")[0], people)

        answering = {name: stack.found(name + r": (http://\S+)")[0] for name in ("course-service", "chat-service")}
        codes = [status_of(f"{address}/readyz") for address in answering.values()]
        code = stack.stop()

    assert codes == [200, 200]
    assert (ada["email"], ada["roles"]) == ("ada@example.org", ["student"])
    assert admin["roles"] == ["admin"]
    assert announced == people
    assert code == 0
    assert stack.said[-5:] == [
        "Stopping chat-service ...",
        "Stopping course-service ...",
        "Stopping auth-service ...",
        "Stopping allocation-worker ...",
        "Stopped.",
    ]
    assert list(tmp_path.iterdir()) == []


def test_sigterm_stops_it_as_well(tmp_path: Path) -> None:
    with up(tmp_path) as stack:
        code = stack.stop(signal.SIGTERM)

    assert code == 0
    assert stack.said[-1] == "Stopped."
    assert list(tmp_path.iterdir()) == []


def test_a_port_that_is_taken_is_one_line_and_nothing_stays(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        port = str(held.getsockname()[1])
        ended = subprocess.run(
            [sys.executable, "-m", "lyceum_devstack", "up", "--first-port", port],
            env=environment(tmp_path),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"error: PORT {port} of HOST 127.0.0.1: ")
    assert ended.stderr.endswith("choose another port (--host, --first-port)\n")
    assert ended.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


@pytest.mark.wire
@pytest.mark.usefixtures("plain_names")
def test_on_servers_of_ones_own_people_are_still_there_at_the_next_start(tmp_path: Path) -> None:
    database = f"test_up_{os.urandom(4).hex()}"
    servers = {name: os.environ[name] for name in ("MONGODB_URI", "KAFKA_BOOTSTRAP")}  # noqa: TID251 - the servers of the wire tests
    with up(tmp_path, "--database", database, **servers) as stack:
        stack.ask("/v1/signup", {"email": "ada@example.org", "password": PASSWORD, "name": "Ada"})
        before = stack.sign_in("ada@example.org", PASSWORD)
        assert stack.stop() == 0

    with up(tmp_path, "--database", database, **servers) as stack:
        again = stack.sign_in("ada@example.org", PASSWORD)
        assert stack.stop() == 0

    assert again["id"] == before["id"]
    assert "There is an administrator already. Another one: `lyceum users create-admin`." in stack.said
