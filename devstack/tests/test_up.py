"""`lyceum up` as a person runs it: a process that prints where things are, serves them, and stops when told to."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer

from lyceum_contracts import USERS

PATIENCE_S = 60.0
PASSWORD = "violet harbour 9"  # noqa: S105 - of nobody


def environment(folder: Path, **variables: str) -> dict[str, str]:
    inherited = os.environ  # noqa: TID251 - what a child process is started with
    kept = {name: text for name, text in inherited.items() if name not in ("MONGODB_URI", "KAFKA_BOOTSTRAP")}
    return {**kept, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1", **variables}


class Up:
    """The running stack."""

    def __init__(self, program: subprocess.Popen[str]) -> None:
        self.program = program
        self.said: list[str] = []

    def until(self, text: str) -> None:
        assert self.program.stdout is not None
        for line in self.program.stdout:
            self.said.append(line.rstrip())
            if text in line:
                return
        raise AssertionError("\n".join(self.said) + self.program.communicate()[1])

    def found(self, pattern: str) -> tuple[str, ...]:
        match = re.search(pattern, "\n".join(self.said))
        assert match is not None, self.said
        return match.groups()

    @property
    def address(self) -> str:
        return self.found(r"auth-service: (http://\S+)")[0]

    def ask(self, path: str, body: dict[str, str] | None = None, token: str | None = None) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, headers)  # noqa: S310 - its own address
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - as above
            read: dict[str, Any] = json.load(answer)
        return read

    def sign_in(self, email: str, password: str) -> dict[str, Any]:
        token = self.ask("/v1/login", {"email": email, "password": password})["access_token"]
        return self.ask("/v1/me", token=token)

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        self.program.send_signal(number)
        out, err = self.program.communicate(timeout=PATIENCE_S)
        self.said += out.splitlines()
        assert "Traceback" not in err
        return self.program.returncode


@contextmanager
def up(folder: Path, *arguments: str, **variables: str) -> Iterator[Up]:
    command = [sys.executable, "-m", "lyceum_devstack", "up", "--first-port", "0", *arguments]
    program = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(folder, **variables)
    )
    running = Up(program)
    try:
        running.until("Ready. Ctrl-C stops.")
        yield running
    finally:
        program.kill()
        program.wait()
        for stream in (program.stdout, program.stderr):
            assert stream is not None
            stream.close()


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

        code = stack.stop()

    assert (ada["email"], ada["roles"]) == ("ada@example.org", ["student"])
    assert admin["roles"] == ["admin"]
    assert announced == people
    assert code == 0
    assert stack.said[-3:] == ["Stopping auth-service ...", "Stopping allocation-worker ...", "Stopped."]
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
