"""Ready while the database answers, red while it does not, and ready again by itself."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from mongoengine.fields import StringField

from lyceum_database import IndexesDiffer, Record, Unavailable, UniqueKey, ensure_indexes, verify_indexes
from lyceum_database.testing import temporary_database
from lyceum_program.errors import StartRefused
from lyceum_web import database_watch
from lyceum_web.health import needs_no_database
from lyceum_web.security import public
from lyceum_web.testing import application_client

Make = Callable[..., FastAPI]
FAST = {"database_check_seconds": 0.02, "database_patience_seconds": 0.2}
router = APIRouter(dependencies=[public()])


class Shelf(Record):
    name: str | None = StringField()
    name_key: str | None = UniqueKey("name")

    meta: ClassVar[dict[str, Any]] = {"collection": "test_shelves"}


@router.get("/shelves")
def shelves() -> int:
    return 1


@router.get("/keys")
@needs_no_database
def keys() -> int:
    return 2


class Server:
    """What `ping` meets: fine, away or hanging."""

    def __init__(self) -> None:
        self.asked = 0
        self.fault: Callable[[], None] = lambda: None
        self.release = threading.Event()
        self.hanging = 0

    def ping(self, *, within_s: float) -> None:
        assert within_s < 1, "nobody waits for the driver's own time-outs"
        self.asked += 1
        self.fault()

    def away(self) -> None:
        raise Unavailable("MongoDB does not answer: 10.0.0.7:27017")

    def hang(self) -> None:
        self.hanging += 1
        self.release.wait(30)
        self.hanging -= 1

    def hang_once(self) -> None:
        """As one connection that went silent does; the others work."""
        self.fault = lambda: None
        self.hang()


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    found = Server()
    monkeypatch.setattr(database_watch, "ping", found.ping)
    yield found
    found.release.set()


@pytest.fixture
def client(server: Server, make: Make) -> Iterator[httpx.Client]:
    with temporary_database([Shelf]), application_client(make(router, limits=FAST, models=[Shelf])) as started:
        yield started


def until(done: Callable[[], Any]) -> None:
    ends = time.monotonic() + 20
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.005)


def until_answered(client: httpx.Client, status: int) -> None:
    until(lambda: client.get("/shelves").status_code == status)


def test_a_service_in_order_is_ready(client: httpx.Client) -> None:
    assert client.get("/readyz").json() == {
        "status": "ready",
        "stopping": False,
        "checks": {"database": {"ready": True}},
    }
    assert client.get("/shelves").json() == 1


def test_an_application_may_be_started_again(server: Server, make: Make) -> None:
    application = make(router, limits=FAST, models=[Shelf])
    for _ in range(2):
        with temporary_database([Shelf]), application_client(application) as client:
            assert client.get("/readyz").json()["status"] == "ready"
            server.fault = server.away
            until_answered(client, 503)
            server.fault = lambda: None
            until_answered(client, 200)
    with temporary_database(), pytest.raises(StartRefused), application_client(application):
        pass


def test_an_outage_is_told_at_once_and_passes_by_itself(client: httpx.Client, server: Server) -> None:
    server.fault = server.away
    until(lambda: client.get("/readyz").status_code == 503)

    refused = client.get("/shelves")
    assert (refused.status_code, refused.json()["code"]) == (503, "database_unavailable")
    assert refused.headers["retry-after"] == "1"
    assert "10.0.0.7" not in refused.text
    assert "10.0.0.7" in client.get("/readyz").text
    assert client.get("/livez").status_code == 200, "a restart would not help"
    assert client.get("/keys").json() == 2, "what needs no database is answered"
    assert [client.get(path).status_code for path in ("/openapi.json", "/docs", "/problems/not_found")] == [200] * 3

    server.fault = lambda: None
    until(lambda: client.get("/readyz").status_code == 200)
    assert client.get("/shelves").json() == 1


def test_a_database_that_is_slow_to_answer_is_no_reason_to_refuse(client: httpx.Client, server: Server) -> None:
    server.fault = server.hang
    until(lambda: client.get("/readyz").status_code == 503)

    assert client.get("/shelves").json() == 1, "the ping hangs, the request may not"
    server.fault = lambda: None
    server.release.set()
    until(lambda: client.get("/readyz").status_code == 200)


def test_one_connection_that_went_silent_says_nothing_of_the_server(client: httpx.Client, server: Server) -> None:
    server.fault = server.away
    until_answered(client, 503)

    server.fault = server.hang_once
    until_answered(client, 200)
    assert client.get("/readyz").status_code == 200
    assert server.hanging == 1, "it is not waited for"


def test_a_database_that_never_answers_is_away_in_the_end(client: httpx.Client, server: Server) -> None:
    server.fault = server.hang
    until_answered(client, 503)

    server.fault = lambda: None
    until_answered(client, 200)


def test_no_request_passes_before_the_indexes_were_verified(
    server: Server, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []

    def verify(models: Iterable[type[Record]]) -> None:
        seen.append(1)
        verify_indexes(models)

    monkeypatch.setattr(database_watch, "verify_indexes", verify)
    server.fault = server.away
    with temporary_database(), application_client(make(router, limits=FAST, models=[Shelf])) as client:
        assert client.get("/shelves").status_code == 503
        assert seen == []
        ensure_indexes([Shelf])
        server.fault = lambda: None
        until(lambda: client.get("/shelves").status_code == 200)
        assert seen == [1]


def test_what_has_to_be_there_is_put_in_before_the_first_request_and_after_an_outage_again(
    server: Server, make: Make
) -> None:
    events: list[str] = []

    def prepare() -> None:
        events.append("tried")
        if len(events) == 1:
            raise Unavailable("MongoDB does not answer")

    application = make(router, limits=FAST, models=[Shelf], prepare=prepare)
    with temporary_database([Shelf]), application_client(application) as client:
        assert client.get("/shelves").status_code == 503
        until(lambda: client.get("/shelves").status_code == 200)

    assert events == ["tried"] * 2


def test_indexes_that_are_missing_refuse_the_start(make: Make) -> None:
    application = make(router, limits=FAST, models=[Shelf])

    with (
        temporary_database(),
        pytest.raises(StartRefused, match=r"Shelf \(name_key\) is missing"),
        application_client(application),
    ):
        pass


def test_indexes_that_turn_out_missing_later_end_the_service(server: Server, make: Make) -> None:
    server.fault = server.away
    application = make(router, limits=FAST, models=[Shelf])
    with temporary_database(), application_client(application) as client:
        server.fault = lambda: None
        until(application.state.life.over.is_set)
        assert isinstance(application.state.life.failure, StartRefused)
        assert isinstance(application.state.life.failure.__cause__, IndexesDiffer)
        assert client.get("/shelves").status_code == 503


class Relay:
    def __init__(self) -> None:
        self.ready = False
        self.why_unready = "Kafka is away"
        self.events: list[str] = []
        self._stop = threading.Event()

    async def run(self) -> None:
        self.events.append("runs")

    def request_stop(self) -> None:
        self.events.append("asked")

    async def stop(self) -> None:
        self.events.append("stopped")


class Lasting(Relay):
    name = ""

    async def run(self) -> None:
        self.events.append("runs")
        await asyncio.Event().wait()


def test_a_part_that_is_away_degrades_and_no_more(server: Server, make: Make) -> None:
    relay = Lasting()
    with temporary_database([Shelf]):
        with application_client(make(router, limits=FAST, models=[Shelf], background=[relay])) as client:
            until(lambda: relay.events)
            report = client.get("/readyz")
            assert (report.status_code, report.json()["status"]) == (200, "degraded")
            assert report.json()["checks"]["Lasting"] == {"ready": False, "why": "Kafka is away"}
        assert relay.events == ["runs", "asked", "stopped"]


def test_every_part_is_told_of_even_several_of_a_kind(make: Make) -> None:
    named = Lasting()
    named.name = "users"
    with application_client(make(router, background=[Lasting(), Lasting(), named])) as client:
        assert list(client.get("/readyz").json()["checks"]) == ["Lasting", "Lasting 2", "Lasting users"]


def test_parts_wait_for_the_database(server: Server, make: Make) -> None:
    relay = Lasting()
    server.fault = server.away
    application = make(router, limits=FAST, models=[Shelf], background=[relay])
    with temporary_database([Shelf]), application_client(application):
        until(lambda: server.asked > 3)
        assert relay.events == []
        server.fault = lambda: None
        until(lambda: relay.events)


def test_a_part_that_ends_by_itself_ends_the_service(make: Make) -> None:
    application = make(router, background=[Relay()])
    with application_client(application):
        until(application.state.life.over.is_set)

    assert "Relay ended although nobody asked it to" in str(application.state.life.failure)
