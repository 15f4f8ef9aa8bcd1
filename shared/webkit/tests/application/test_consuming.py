"""Workers beside the requests: they start after the database, end before the relays, and their standing shows."""

import asyncio
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from keylane import ConfigurationError, KafkaSettings, MemoryInbox, Worker, dead_letter_topic, replay_topic
from keylane.testing import InMemoryBroker
from keylane.testing import until as eventually
from lyceum_database import Unavailable
from lyceum_database.testing import temporary_database
from lyceum_web import database_watch
from lyceum_web.models import IdempotencyRecord
from lyceum_web.security import public
from lyceum_web.serving import Serving
from lyceum_web.testing import application_client

Make = Callable[..., FastAPI]
TOPIC = "books"
FAST = {"database_check_seconds": 0.02}
PATIENCE_S = 20.0


def until(done: Callable[[], Any]) -> None:
    ends = time.monotonic() + PATIENCE_S
    while not done():
        assert time.monotonic() < ends
        time.sleep(0.005)


class Library:
    """A topic on a broker in memory, a worker that reads it, and what happened in which order."""

    def __init__(self) -> None:
        self.broker = InMemoryBroker()
        for name in (TOPIC, dead_letter_topic(TOPIC, "shelves"), replay_topic(TOPIC, "shelves")):
            self.broker.create_topic(name, 1)
        self.events: list[str] = []
        self.held = threading.Event()
        self.held.set()

    def lend(self, book: str) -> None:
        headers = [("ce_id", book.encode()), ("ce_type", b"lent")]
        self.broker.append(TOPIC, key=b"k", value=b"{}", headers=headers)

    def handle(self, message: Any) -> None:
        self.events.append(f"{message.id} begun")
        assert self.held.wait(PATIENCE_S)
        self.events.append(f"{message.id} done")

    def worker(self) -> Worker:
        settings = KafkaSettings(stop_timeout=timedelta(seconds=10))
        return Worker(
            "shelves", [TOPIC], {"lent": self.handle}, inbox=MemoryInbox(), broker=self.broker, settings=settings
        )


class Relay:
    """A part that says when it is told to stop."""

    ready, why_unready = True, ""

    def __init__(self, events: list[str]) -> None:
        self._events = events
        self._asked = asyncio.Event()

    async def run(self) -> None:
        await self._asked.wait()

    def request_stop(self) -> None:
        self._events.append("relay asked")
        self._asked.set()

    async def stop(self) -> None:
        self.request_stop()


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def client(library: Library, make: Make) -> Iterator[httpx.Client]:
    with application_client(make(APIRouter(), consumers=[library.worker()])) as started:
        yield started


def check(client: httpx.Client) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/readyz").json()["checks"]["Consumer shelves"]
    return found


def test_events_are_handled_beside_the_requests_and_counted(library: Library, client: httpx.Client) -> None:
    library.lend("emma")

    until(lambda: library.events == ["emma begun", "emma done"])
    until(lambda: check(client) == {"ready": True})
    until(lambda: 'keylane_messages_done_total{group="shelves"} 1.0' in client.get("/metrics").text)
    assert client.get("/readyz").json()["status"] == "ready"


def test_a_broker_that_is_away_degrades_the_service_and_no_more(library: Library, make: Make) -> None:
    library.broker.set_down()
    library.lend("emma")
    with application_client(make(APIRouter(), consumers=[library.worker()])) as client:
        until(lambda: check(client).get("why") == "broker: the in-memory broker is down")
        assert (client.get("/readyz").status_code, client.get("/readyz").json()["status"]) == (200, "degraded")
        assert client.get("/livez").status_code == 200, "a restart would not help"

        library.broker.set_up()

        until(lambda: client.get("/readyz").json()["status"] == "ready")
        until(lambda: library.events == ["emma begun", "emma done"])


def test_it_begins_after_the_database_was_found_in_order(
    library: Library, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []

    def away(**_: Any) -> None:
        looks.append(1)
        if len(looks) < 5:
            raise Unavailable("MongoDB does not answer")

    monkeypatch.setattr(database_watch, "ping", away)
    library.lend("emma")
    application = make(APIRouter(), limits=FAST, models=[IdempotencyRecord], consumers=[library.worker()])
    monkeypatch.setattr("keylane.worker.STALLED_S", 0.0)
    with temporary_database([IdempotencyRecord]), application_client(application) as client:
        while len(looks) < 4:
            assert library.events == []
            assert client.get("/livez").status_code == 200, "what has not begun does not stand still"
        until(lambda: library.events == ["emma begun", "emma done"])


def test_one_whose_poll_stands_still_asks_for_a_restart(client: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.get("/livez").json() == {"status": "alive"}

    monkeypatch.setattr("keylane.worker.STALLED_S", 0.0)

    live = client.get("/livez")
    assert (live.status_code, live.json()["why"]) == (503, "the poll task of shelves stands still")


def test_one_that_can_never_work_turns_readiness_red_at_once_and_ends_the_service(make: Make) -> None:
    application = make(APIRouter(), consumers=[Library().worker(), _without_topics()])
    with application_client(application) as client:
        until(application.state.life.over.is_set)
        ready = client.get("/readyz")

    assert (ready.status_code, ready.json()["stopping"]) == (503, True)
    assert isinstance(application.state.life.failure, ConfigurationError)
    assert str(application.state.life.failure).startswith("missing topic pens, pens.desks.replay, pens.desks.dlq")


def _without_topics() -> Worker:
    return Worker("desks", ["pens"], {"lent": print}, inbox=MemoryInbox(), broker=InMemoryBroker())


def test_what_is_in_hand_is_finished_before_relays_end_and_what_is_open_closes(library: Library, make: Make) -> None:
    @asynccontextmanager
    async def state() -> AsyncIterator[Mapping[str, Any]]:
        yield {}
        library.events.append("closed")

    library.held.clear()
    library.lend("emma")
    application = make(APIRouter(), state=state, background=[Relay(library.events)], consumers=[library.worker()])
    with application_client(application):
        until(lambda: library.events)
        threading.Timer(0.2, library.held.set).start()

    assert library.events == ["emma begun", "emma done", "relay asked", "relay asked", "closed"]
    assert library.broker.committed("shelves"), "and committed: nobody does it again"


async def test_nothing_new_is_taken_from_the_first_signal_on_while_requests_finish(
    library: Library, make: Make
) -> None:
    router, arrived, free = APIRouter(dependencies=[public()]), asyncio.Event(), asyncio.Event()

    @router.get("/slow")
    async def slow() -> str:
        arrived.set()
        await free.wait()
        return "done"

    relay = Relay(library.events)
    application = make(router, background=[relay], consumers=[library.worker()])
    settings = application.state.settings.model_copy(update={"host": "127.0.0.1", "port": 0})
    serving, port = Serving(application, settings), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(serving.run(started=port.set_result))
    async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient() as caller:
        request = asyncio.create_task(caller.get(f"http://127.0.0.1:{await port}/slow"))
        await arrived.wait()
        health = application.state.life.health
        await eventually(lambda: health.report()["status"] == "ready")

        serving.request_stop()

        await eventually(lambda: health.report()["checks"]["Consumer shelves"].get("why") == "broker: stopped")
        library.lend("emma")
        assert not request.done()
        assert library.events == [], "relays go on for the events of requests that run"
        free.set()
        assert (await request).json() == "done"
        await running

    assert library.events == ["relay asked", "relay asked"]


async def test_stopped_is_the_last_word(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    class Slow(Relay):
        async def stop(self) -> None:
            logging.getLogger("relay").info("still publishes")

    caplog.set_level("INFO")
    application = make(APIRouter(), background=[Slow([])])
    settings = application.state.settings.model_copy(update={"host": "127.0.0.1", "port": 0})
    serving = Serving(application, settings)
    async with asyncio.timeout(PATIENCE_S):
        await serving.run(started=lambda _: serving.request_stop())

    assert caplog.messages[-2:] == ["still publishes", "stopped"]


async def test_one_that_fails_at_the_stop_does_not_cut_off_requests_that_run(make: Make) -> None:
    router, arrived, free = APIRouter(dependencies=[public()]), asyncio.Event(), asyncio.Event()

    @router.get("/slow")
    async def slow() -> str:
        arrived.set()
        await free.wait()
        return "done"

    asked = asyncio.Event()

    class Frail(Relay):
        async def run(self) -> None:
            await asked.wait()
            raise ValueError("at the stop")

    application = make(router, background=[Frail([])])
    application.state.life.health.when_stopping(asked.set)
    settings = application.state.settings.model_copy(update={"host": "127.0.0.1", "port": 0})
    serving, port = Serving(application, settings), asyncio.get_running_loop().create_future()
    running = asyncio.create_task(serving.run(started=port.set_result))
    async with asyncio.timeout(PATIENCE_S), httpx.AsyncClient() as caller:
        request = asyncio.create_task(caller.get(f"http://127.0.0.1:{await port}/slow"))
        await arrived.wait()

        serving.request_stop()

        await application.state.life.over.wait()
        ended, _ = await asyncio.wait({running}, timeout=0.5)
        assert not ended, "the request is waited for"
        free.set()
        assert (await request).json() == "done"
        with pytest.raises(ValueError, match="at the stop"):
            await running


def test_whoever_wants_to_know_of_the_stop_is_told_once(make: Make) -> None:
    told: list[str] = []
    application = make(APIRouter())
    application.state.life.health.when_stopping(lambda: told.append(threading.current_thread().name))
    with application_client(application):
        assert told == []
        application.state.life.health.begin_stopping()
        assert len(told) == 1

    assert len(told) == 1
