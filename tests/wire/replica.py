"""One process of a service as a program of its own, and a client of it for any number of threads."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from real_servers.ports import free_port

from .deployment import WAIT_SECONDS, until
from .issuing import Issuer


class Answer(NamedTuple):
    status: int
    body: dict[str, Any]


class Replica:
    """One process."""

    def __init__(self, issuer: Issuer, process: subprocess.Popen[bytes], port: int, said: Path) -> None:
        self.process = process
        self._said = said
        self._issuer = issuer
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=WAIT_SECONDS)

    @property
    def log(self) -> str:
        return self._said.read_text(encoding="utf-8", errors="replace")

    def ask(self, method: str, path: str, body: object = None, *, who: str = "", **headers: str) -> Answer:
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        if who:
            sent["Authorization"] = f"Bearer {self.token(who)}"
        answer = self.client.request(method, path, json=body, headers=sent)
        return Answer(answer.status_code, answer.json())

    def token(self, who: str) -> str:
        return self._issuer.token(who)

    def standing(self) -> Mapping[str, Any]:
        """What /readyz says; nothing while nobody answers."""
        try:
            return self.ask("GET", "/readyz").body
        except httpx.TransportError:
            return {}

    def until(self, status: str) -> None:
        """Wait until /readyz says `ready`, or `degraded`."""

        def stands() -> bool:
            assert self.process.poll() is None, self.log
            return self.standing().get("status") == status

        until(stands, f"the service to be {status}")

    def kill(self) -> None:
        os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def close(self) -> None:
        """SIGTERM, for one that was not killed; nothing may be left half done."""
        if self.process.poll() is None:
            self.process.terminate()
            assert self.process.wait(WAIT_SECONDS) == 0, self.log


@contextmanager
def started(package: str, environment: Mapping[str, str], issuer: Issuer, folder: Path) -> Iterator[Replica]:
    """Run the service until the end of the block, from its first moment on."""
    port = free_port()
    said = folder / f"{package}-{port}-{time.monotonic_ns()}.log"
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", package, "run"],
            env={**environment, "PORT": str(port)},
            stdout=output,
            stderr=output,
        )
    replica = Replica(issuer, process, port, said)
    try:
        yield replica
        replica.close()
    finally:
        replica.client.close()
        process.kill()
        process.wait()
