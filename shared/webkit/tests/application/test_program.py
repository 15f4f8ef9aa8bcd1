"""A service as a program: what it says and with which code it ends, at start and at a signal."""

import json
import logging
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from lyceum_database.embedded import connect_embedded
from lyceum_web.program import run_service
from lyceum_web.settings import WebSettings
from lyceum_web.testing import Callers, served

PATIENCE_S = 30.0
BASICS = {
    "ENVIRONMENT": "development",
    "HOST": "127.0.0.1",
    "MONGODB_URI": "mongodb://127.0.0.1:1",
    "MONGODB_SERVER_SELECTION_TIMEOUT_MS": "200",
}
IMPORTS = """
import asyncio, sys, time
from contextlib import asynccontextmanager
from fastapi import APIRouter
from mongoengine.fields import StringField
from lyceum_database import Record
from lyceum_database.embedded import connect_embedded
from lyceum_web.application import create_application
from lyceum_web.program import run_service
from lyceum_web.security import public
from lyceum_web.testing import Callers
router = APIRouter(dependencies=[public()])
"""
RUN = """
def build(settings):
    connect_embedded()
    return create_application(title="Shop", version="1", settings=settings, routers=[router], security=Callers().security, **options)
if __name__ == "__main__":
    sys.exit(run_service("shop", build))
"""
REFERRING = """
class Loaf(Record):
    baker: str = StringField(references="Baker")
    meta = {"collection": "loaves"}
options = {"models": [Loaf]}
"""
SLOW = """
@router.get("/slow")
def slow() -> str:
    print("slow", flush=True)
    time.sleep(1.0)
    return "done"
@router.get("/never")
async def never() -> None:
    print("never", flush=True)
    await asyncio.Event().wait()
@asynccontextmanager
async def state():
    yield {}
    print("closed", flush=True)
options = {"models": [], "state": state}
"""


class Program:
    def __init__(self, process: subprocess.Popen[str], log: Path) -> None:
        self.process = process
        self._log = log

    @property
    def lines(self) -> list[dict[str, object]]:
        return [json.loads(line) for line in self._log.read_text().splitlines() if line.startswith("{")]

    @property
    def said(self) -> list[str]:
        """What is said to a person, beside the log."""
        return [line for line in self._log.read_text().splitlines() if not line.startswith("{")]

    def until(self, done: Callable[[], object], what: str) -> None:
        ends = time.monotonic() + PATIENCE_S
        while not done():
            assert time.monotonic() < ends, f"waited for {what}: {self._log.read_text()}"
            assert self.process.poll() is None, f"ended before {what}: {self._log.read_text()}"
            time.sleep(0.01)

    def address(self) -> str:
        self.until(lambda: [line for line in self.lines if line.get("action") == "start"], "the port to open")
        (start,) = [line for line in self.lines if line.get("action") == "start"]
        return f"http://127.0.0.1:{start['port']}"

    def ended(self) -> int:
        return self.process.wait(PATIENCE_S)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    started: list[subprocess.Popen[str]] = []

    def start(*source: str | Path, **environment: str) -> Program:
        if not isinstance(source[0], Path):
            (tmp_path / "shop.py").write_text("".join(str(part) for part in (IMPORTS, *source, RUN)))
        script = source[0] if isinstance(source[0], Path) else tmp_path / "shop.py"
        log = tmp_path / "log"
        with log.open("w") as errors:
            process = subprocess.Popen(
                [sys.executable, str(script)],
                env={**BASICS, "PORT": "0", **environment},
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        started.append(process)
        return Program(process, log)

    yield start
    for process in started:
        process.kill()
        process.communicate()


@contextmanager
def taken_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield str(listener.getsockname()[1])


Make = Callable[..., FastAPI]
Start = Callable[..., Program]


class Ended:
    """How a service that ran in this process ended."""

    def __init__(self, code: int, errors: str) -> None:
        self.code = code
        self.lines = [json.loads(line) for line in errors.splitlines() if line.startswith("{")]
        self.said = [line for line in errors.splitlines() if not line.startswith("{")]

    @property
    def refusal(self) -> str:
        assert self.code == 2
        assert [line for line in self.lines if line.get("action") == "start"] == [], "the port was opened"
        (line,) = self.said
        return line


Run = Callable[..., Ended]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Run a service in this process, with these variables, until it ends by itself."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level

    def ran(build: Callable[[WebSettings], FastAPI], *refusals: type[Exception], **environment: str) -> Ended:
        for name, value in {**BASICS, "PORT": "0", **environment}.items():
            monkeypatch.setenv(name, value)
        code = run_service("example", build, refusals=refusals)
        return Ended(code, capsys.readouterr().err)

    yield ran
    root.handlers, root.level = handlers, level


@pytest.mark.parametrize(
    ("environment", "says"),
    [
        ({"PORT": "warm"}, "PORT: "),
        ({"PORT": "70000"}, "PORT: "),
        ({"BODY_BYTES": "0"}, "BODY_BYTES: "),
        ({"ENVIRONMENT": "test"}, "ENVIRONMENT: "),
        ({"MONGODB_URI": ""}, "MONGODB_URI "),
        ({"MONGODB_URI": "http://ana:hunter2@x"}, "MONGODB_URI must start with mongodb://"),
        ({"ENVIRONMENT": "production"}, "CURSOR_KEY is not set"),
        ({"ENVIRONMENT": "production", "CURSOR_KEY": "change-me" * 4}, "CURSOR_KEY is a placeholder"),
        ({"CURSOR_KEY": "hunter2"}, "CURSOR_KEY: "),
        ({"RATE_LIMIT_STORAGE": "ftp://ana:hunter2@x"}, "RATE_LIMIT_STORAGE"),
        ({"TRUSTED_PROXIES": "*"}, "TRUSTED_PROXIES: '*' is no address"),
        ({"TRUSTED_PROXIES": "10.0.0.5, proxy"}, "TRUSTED_PROXIES: 'proxy' is no address"),
        ({"TRUSTED_PROXIES": "10.0.0.5/8"}, "TRUSTED_PROXIES: '10.0.0.5/8' is no address"),
        ({"TRUSTED_PROXIES": "10.0.0.5,,10.0.0.6"}, "TRUSTED_PROXIES: '' is no address"),
        ({"TRUSTED_PROXIES": "0.0.0.0/0"}, "TRUSTED_PROXIES: 0.0.0.0/0 is everybody"),
        ({"TRUSTED_PROXIES": "10.0.0.5,::/0"}, "TRUSTED_PROXIES: ::/0 is everybody"),
        ({"HOST": "256.1.1.1"}, "HOST 256.1.1.1: "),
        ({"HOST": "192.0.2.1"}, "HOST 192.0.2.1: "),
    ],
)
def test_bad_settings_are_refused_by_name(
    run: Run, example: ModuleType, environment: dict[str, str], says: str
) -> None:
    line = run(example.build, **environment).refusal

    assert line.startswith(f"example: {says}")
    assert "hunter2" not in line


@pytest.mark.parametrize("variable", ["PORT", "METRICS_PORT"])
def test_a_port_in_use_is_refused(run: Run, example: ModuleType, variable: str) -> None:
    with taken_port() as port:
        line = run(example.build, **{variable: port}).refusal

    assert line == f"example: {variable} {port} of HOST 127.0.0.1: Address already in use: choose another port"


def test_a_route_that_does_not_say_who_may_call_it_is_refused(run: Run, make: Make) -> None:
    router = APIRouter()
    router.get("/bare", name="bare")(lambda: None)

    assert run(lambda _: make(router)).refusal.startswith("example: GET /bare declares no permission")


def test_indexes_that_are_missing_are_refused_before_the_port_opens(
    run: Run, example: ModuleType, people: Callers
) -> None:
    def build(settings: WebSettings) -> FastAPI:
        connect_embedded()
        application: FastAPI = example.build(settings, security=people.security)
        return application

    line = run(build).refusal

    assert line.startswith("example: the database lacks indexes (run the service's index deploy step): ")
    assert "Note (slug_key) is missing" in line


def test_a_model_that_is_missing_is_named_with_the_field_and_file_that_need_it(program: Start) -> None:
    ended = program(REFERRING)

    assert ended.ended() == 2
    (line,) = ended.said
    assert line.startswith("shop: Loaf.baker refers to the model 'Baker', which is not registered")
    assert "shop.py:" in line
    assert [line for line in ended.lines if line.get("action") == "start"] == []


class Relay:
    ready, why_unready = False, "just so"

    async def run(self) -> None:
        raise ValueError("password=hunter2")

    def request_stop(self) -> None: ...

    async def stop(self) -> None: ...


def test_a_part_that_fails_ends_the_service(run: Run, make: Make) -> None:
    ended = run(lambda _: make(APIRouter(), background=[Relay()], limits={"port": 0, "host": "127.0.0.1"}))

    assert (ended.code, ended.said) == (1, [])
    (failed,) = [line for line in ended.lines if line.get("action") == "failed"]
    assert "ValueError" in failed["traceback"]
    assert "hunter2" not in str(failed)


def test_a_part_that_can_never_work_is_a_refusal_if_its_error_says_so(run: Run, make: Make) -> None:
    limits = {"port": 0, "host": "127.0.0.1"}
    ended = run(lambda _: make(APIRouter(), background=[Relay()], limits=limits), ValueError)

    assert (ended.code, ended.said) == (2, ["example: password=hunter2"])


def test_figures_have_a_port_of_their_own_if_one_is_named(make: Make) -> None:
    with taken_port() as port:
        pass
    with served(make(APIRouter(), limits={"metrics_port": int(port), "host": "127.0.0.1"})) as address:
        assert httpx.get(f"{address}/metrics").status_code == 404
        assert "http_server_requests_total" in httpx.get(f"http://127.0.0.1:{port}/metrics").text


def test_a_database_that_is_away_at_start_is_waited_for_and_said(program: Start, example_folder: Path) -> None:
    service = program(example_folder / "example_main.py")
    address = service.address()

    ready, notes = httpx.get(f"{address}/readyz"), httpx.get(f"{address}/v1/notes")

    assert httpx.get(f"{address}/livez").status_code == 200
    assert (ready.status_code, ready.json()["status"]) == (503, "unavailable")
    assert "MongoDB" in ready.json()["checks"]["database"]["why"]
    assert (notes.status_code, notes.json()["code"], notes.headers["retry-after"]) == (503, "database_unavailable", "1")
    assert "127.0.0.1:1" not in notes.text
    assert [line["server"] for line in service.lines if line.get("action") == "waiting"] == ["MongoDB"]
    service.process.send_signal(signal.SIGTERM)
    assert service.ended() == 0
    assert service.said == []


def test_a_signal_lets_running_requests_finish_and_takes_no_new_ones(program: Start) -> None:
    service = program(SLOW)
    address = service.address()
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as caller:
        caller.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        assert service.process.stdout is not None
        assert service.process.stdout.readline() == "slow\n"

        service.process.send_signal(signal.SIGTERM)

        answer = b""
        while part := caller.recv(65536):
            answer += part
    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b'"done"')
    assert service.ended() == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{address}/livez")
    assert service.process.stdout.read() == "closed\n", "what was opened for requests is closed after the last one"
    assert [line["level"] for line in service.lines if line["level"] in ("ERROR", "CRITICAL")] == []


def test_a_request_that_never_ends_does_not_hold_the_program(program: Start) -> None:
    service = program(SLOW, SHUTDOWN_SECONDS="1")
    address = service.address()
    with socket.create_connection(("127.0.0.1", int(address.rpartition(":")[2]))) as caller:
        caller.sendall(b"GET /never HTTP/1.1\r\nHost: x\r\n\r\n")
        assert service.process.stdout is not None
        assert service.process.stdout.readline() == "never\n"

        service.process.send_signal(signal.SIGINT)

        assert service.ended() == 0
