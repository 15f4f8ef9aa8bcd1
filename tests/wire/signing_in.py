"""The auth service as programs of its own on real servers, and a client that only knows its address."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auth_service import main as auth_service
from auth_service.settings import AuthSettings
from keylane import KafkaSettings
from lyceum_contracts import USERS, Decoded, decode
from lyceum_database import MongoSettings, close
from lyceum_web.settings import WebSettings

from . import log

WAIT_SECONDS = 40.0
NOWHERE = "127.0.0.1:1"
PASSWORD = "violet harbour 9"  # noqa: S105 - of nobody


@dataclass(frozen=True)
class AuthDeployment:
    """Names and addresses of one deployment."""

    bootstrap: str
    uri: str
    name: str
    folder: Path

    @property
    def topic(self) -> str:
        return f"{self.name}.{USERS.name}"

    def environment(self, **others: str) -> dict[str, str]:
        return dict(os.environ) | {  # noqa: TID251 - a child needs this process's environment and more
            "ENVIRONMENT": "development",
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "KAFKA_TOPIC_PREFIX": f"{self.name}.",
            "MONGODB_URI": self.uri,
            "MONGODB_DATABASE": self.name,
            "AUTH_KEYS_DIRECTORY": str(self.folder / "keys"),
            "AUTH_HASH_MEMORY_KIB": "7168",
            "AUTH_LIMIT_SIGN_UP": "10000/minute",
            "AUTH_OUTBOX_LEASE_SECONDS": "2",
            "HOST": "127.0.0.1",
            **others,
        }

    def make_indexes(self) -> None:
        self._deploy("indexes")

    def deploy(self) -> None:
        self._deploy("indexes", "topics")

    def _deploy(self, *steps: str) -> None:
        settings = AuthSettings(
            web=WebSettings(),
            mongo=MongoSettings(uri=self.uri, database=self.name),
            kafka=KafkaSettings(bootstrap_servers=self.bootstrap),
            topic_prefix=f"{self.name}.",
            keys_directory=self.folder / "keys",
        )
        try:
            for step in steps:
                asyncio.run(auth_service.deploy(step, settings))
        finally:
            close()

    def make_administrator(self, email: str) -> None:
        command = [sys.executable, "-m", "lyceum_devstack", "users", "create-admin", email]
        subprocess.run(
            command, env=self.environment(), input=PASSWORD, text=True, check=True, capture_output=True, timeout=60
        )

    def events(self, count: int) -> list[Decoded]:
        """Wait until the topic holds so many different events, and read all that it holds."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            found = [decode(record.value, record.headers) for record in log.read(self.bootstrap, self.topic)]
            if len({one.envelope.id for one in found}) >= count:
                return found
            assert time.monotonic() < deadline, [(one.event.type, one.envelope.id) for one in found]
            time.sleep(0.2)


class Running:
    """One process of the service."""

    def __init__(self, program: subprocess.Popen[bytes], port: int) -> None:
        self.program = program
        self.address = f"http://127.0.0.1:{port}"

    def ask(
        self, method: str, path: str, body: dict[str, Any] | None = None, *, token: str = "", **headers: str
    ) -> tuple[int, dict[str, Any]]:
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data, sent, method=method)  # noqa: S310 - its own address
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - as above
                return answer.status, json.loads(answer.read() or b"{}")
        except urllib.error.HTTPError as exc:
            return exc.code, json.loads(exc.read() or b"{}")

    def sign_up(self, email: str) -> None:
        status, answer = self.ask("POST", "/v1/signup", {"email": email, "password": PASSWORD, "name": "Somebody"})
        assert status == 202, answer

    def sign_in(self, email: str) -> dict[str, Any]:
        status, answer = self.ask("POST", "/v1/login", {"email": email, "password": PASSWORD})
        assert status == 200, answer
        return answer

    def me(self, token: str) -> dict[str, Any]:
        status, answer = self.ask("GET", "/v1/me", token=token)
        assert status == 200, answer
        return answer

    def until_ready(self) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while time.monotonic() < deadline:
            assert self.program.poll() is None, "the service ended"
            try:
                if self.ask("GET", "/readyz")[0] == 200:
                    return
            except OSError:
                pass  # the port is not open yet
            time.sleep(0.05)
        raise AssertionError("the service did not become ready")

    def kill(self) -> None:
        self.program.send_signal(signal.SIGKILL)
        self.program.wait(10)


@contextmanager
def serving(deployment: AuthDeployment, **others: str) -> Iterator[Running]:
    """Run the service until the end of the block."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
    log_file = deployment.folder / f"service-{port}.log"
    with log_file.open("wb") as said:
        program = subprocess.Popen(
            [sys.executable, "-m", "auth_service", "run"],
            env=deployment.environment(PORT=str(port), **others),
            stderr=said,
        )
        running = Running(program, port)
        try:
            running.until_ready()
            yield running
        finally:
            program.terminate()
            try:
                program.wait(40)
            except subprocess.TimeoutExpired:
                program.kill()
                raise
