"""Plain endpoints run in threads, coroutines on the loop; and small answers leave at once."""

import inspect
import socket
import threading
from collections.abc import Callable

import httpx
import pytest
from fastapi import APIRouter
from pydantic import BaseModel

from lyceum_web.security import public
from lyceum_web.serving import _bound
from lyceum_web.settings import WebSettings
from lyceum_web.threads import run_in_threads

Start = Callable[..., httpx.Client]


class Where(BaseModel):
    thread: int


def plain(number: int = 0) -> Where:
    """Say where it runs."""
    return Where(thread=threading.get_ident() if number == 0 else number)


async def awaited() -> Where:
    return Where(thread=threading.get_ident())


class Called:
    def __call__(self) -> Where:
        return Where(thread=threading.get_ident())


def router() -> APIRouter:
    inner = APIRouter(dependencies=[public()])
    inner.get("/inner")(plain)
    made = APIRouter(dependencies=[])
    made.include_router(inner)
    made.get("/plain", operation_id="other", name="other", dependencies=[public()])(plain)
    made.get("/awaited", dependencies=[public()])(awaited)
    made.get("/called", dependencies=[public()], name="called")(Called())
    return made


def test_only_what_awaits_runs_on_the_loop(start: Start) -> None:
    client = start(router())
    loop = client.get("/awaited").json()["thread"]

    assert client.get("/plain").json()["thread"] != loop
    assert client.get("/inner").json()["thread"] != loop
    assert client.get("/called").json()["thread"] != loop
    assert client.get("/awaited").json()["thread"] == loop


def test_what_they_return_is_written_without_a_second_thread(start: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """FastAPI would go to one for it, and to one for the endpoint, by this name."""
    client = start(router())
    monkeypatch.setattr("fastapi.routing.run_in_threadpool", None)

    assert client.get("/plain?number=5").json() == {"thread": 5}
    assert client.get("/inner?number=5").json() == {"thread": 5}


def test_their_parameters_and_answers_are_as_declared(start: Start) -> None:
    client = start(router())

    assert client.get("/plain?number=5").json() == {"thread": 5}
    assert client.get("/plain?number=x").status_code == 422
    document = client.get("/openapi.json").json()
    assert document["paths"]["/plain"]["get"]["description"] == "Say where it runs."


def test_a_router_of_two_applications_is_changed_once(start: Start) -> None:
    made = router()
    run_in_threads(made)
    once = [getattr(route, "endpoint", None) for route in made.routes]
    run_in_threads(made)

    assert [getattr(route, "endpoint", None) for route in made.routes] == once
    assert inspect.unwrap(once[1]) is plain  # type: ignore[arg-type] # a function, see the router
    assert start(made).get("/plain").status_code == 200


def test_small_parts_of_an_answer_are_sent_at_once() -> None:
    """asyncio sets TCP_NODELAY on sockets alone that name their protocol."""
    with _bound(WebSettings(environment="development", host="127.0.0.1", port=0)) as listener:
        assert listener.proto == socket.IPPROTO_TCP
