"""A service whose MongoDB is away, at start and later: it says so, refuses quickly, and recovers by itself."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from pymongo import MongoClient, uri_parser

from real_servers import Proxy, Server
from real_servers.ports import free_port

pytestmark = pytest.mark.wire

EXAMPLE = Path(__file__).parents[2] / "shared/webkit/tests/example"
PATIENCE_S = 60.0
QUICK_S = 0.75
"""Far less than the time for which the driver looks for a server."""


class Service:
    """The kit's example as a program of its own, between which and its database stands a proxy."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path, client: httpx.Client) -> None:
        self.process = process
        self._log = log
        self._client = client

    @property
    def log(self) -> str:
        return self._log.read_text()

    def get(self, path: str) -> httpx.Response:
        return self._client.get(path)

    def standing(self, path: str = "/readyz") -> int:
        try:
            return self.get(path).status_code
        except httpx.TransportError:
            return 0

    def until(self, done: Callable[[], bool], what: str) -> None:
        ends = time.monotonic() + PATIENCE_S
        while not done():
            assert self.process.poll() is None, f"ended before {what}: {self.log}"
            assert time.monotonic() < ends, f"waited for {what}: {self.log}"
            time.sleep(0.02)


@pytest.fixture
def between(store: Server) -> Iterator[Proxy]:
    with Proxy(uri_parser.parse_uri(store.address)["nodelist"][0][1]) as proxy:
        yield proxy


@contextmanager
def running(between: Proxy, tmp_path: Path, *, socket_timeout_ms: int = 20_000) -> Iterator[Service]:
    port = free_port()
    environment = {
        "ENVIRONMENT": "development",
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "MONGODB_URI": f"mongodb://127.0.0.1:{between.port}/?directConnection=true",
        "MONGODB_DATABASE": "notes",
        "MONGODB_SOCKET_TIMEOUT_MS": str(socket_timeout_ms),
        "MONGODB_SERVER_SELECTION_TIMEOUT_MS": "1500",
        "DATABASE_PATIENCE_SECONDS": "1",
    }
    log = tmp_path / "service.log"
    with log.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, EXAMPLE / "example_main.py"], env=environment, stdout=written, stderr=written
        )
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE_S) as client:
        try:
            yield Service(process, log, client)
        finally:
            process.kill()
            process.wait()


def create_indexes(store: Server) -> None:
    with MongoClient[Any](store.address) as client:
        client["notes"]["example_notes"].create_index("slug_key", unique=True, sparse=True)


def test_a_service_waits_for_its_database_and_becomes_ready(store: Server, between: Proxy, tmp_path: Path) -> None:
    create_indexes(store)
    between.refuse()
    with running(between, tmp_path) as service:
        service.until(lambda: service.standing("/livez") == 200, "the port to open")
        assert service.standing() == 503
        assert service.get("/v1/notes").json()["code"] == "database_unavailable"
        assert "waits for MongoDB" in service.log

        between.restore()

        service.until(lambda: service.standing() == 200, "readiness")
        assert service.get("/v1/notes").json() == []


@pytest.mark.parametrize("fault", ["refuse", "blackhole"])
def test_an_outage_is_answered_quickly_and_passes_by_itself(
    store: Server, between: Proxy, tmp_path: Path, fault: str
) -> None:
    create_indexes(store)
    with running(between, tmp_path, socket_timeout_ms=1500) as service:
        service.until(lambda: service.standing() == 200, "readiness")

        getattr(between, fault)()

        service.until(lambda: service.standing() == 503, "readiness to turn red")
        assert service.standing("/livez") == 200
        service.until(lambda: is_refused_at_once(service), "requests to be refused at once")
        began = time.monotonic()
        refused = service.get("/v1/notes")
        assert time.monotonic() - began < QUICK_S
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
        assert refused.json()["code"] == "database_unavailable"

        between.restore()

        service.until(lambda: service.standing() == 200, "readiness")
        service.until(lambda: passes(service), "requests to pass")
        service.process.send_signal(signal.SIGTERM)
        assert service.process.wait(PATIENCE_S) == 0
        assert "Traceback" not in service.log


def is_refused_at_once(service: Service) -> bool:
    """Whether the gate is shut: a refusal that waited for the driver is no sign of that."""
    began = time.monotonic()
    return service.get("/v1/notes").status_code == 503 and time.monotonic() - began < QUICK_S


def passes(service: Service) -> bool:
    """Whether the gate is open: a request that waits for the driver is no sign of that."""
    answer = service.get("/v1/notes")
    return answer.status_code == 200


def test_indexes_that_are_missing_end_a_service_that_had_to_wait(store: Server, between: Proxy, tmp_path: Path) -> None:
    between.refuse()
    with running(between, tmp_path) as service:
        service.until(lambda: service.standing("/livez") == 200, "the port to open")

        between.restore()

        assert service.process.wait(PATIENCE_S) == 2
        (line,) = [line for line in service.log.splitlines() if not line.startswith("{")]
        assert line.startswith("example: the database lacks indexes")


def test_a_stop_does_not_wait_for_a_database_that_hangs(store: Server, between: Proxy, tmp_path: Path) -> None:
    create_indexes(store)
    with running(between, tmp_path) as service:
        service.until(lambda: service.standing() == 200, "readiness")
        between.blackhole()
        service.until(lambda: service.standing() == 503, "readiness to turn red")

        began = time.monotonic()
        service.process.send_signal(signal.SIGTERM)

        assert service.process.wait(PATIENCE_S) == 0
        assert time.monotonic() - began < 10, "far less than the 20 s for which the driver waits for an answer"
