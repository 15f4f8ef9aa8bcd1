"""A request has so long to arrive, and its answer so long to begin."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import StreamingResponse

from lyceum_web.security import public
from lyceum_web.testing import served

router = APIRouter(dependencies=[public()])
release = threading.Event()
Make = Callable[..., FastAPI]
Start = Callable[..., httpx.Client]


@router.post("/things")
def take(thing: dict[str, object]) -> None: ...


@router.get("/never")
async def never() -> None:
    await asyncio.Event().wait()


@router.get("/blocked")
def blocked() -> None:
    release.wait(10)


@router.get("/own")
async def own() -> None:
    raise TimeoutError("of something else")


@router.get("/long")
async def long() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield b"x"
            await asyncio.sleep(0.05)

    return StreamingResponse(parts())


@router.post("/pieces")
async def pieces(request: Request) -> int:
    return sum([len(piece) async for piece in request.stream()])


@contextmanager
def connection(address: str) -> Iterator[socket.socket]:
    parts = urlsplit(address)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as open_now:
        yield open_now


def answer_of(open_now: socket.socket) -> tuple[int, dict[str, object]]:
    text = b""
    while part := open_now.recv(65536):
        text += part
    head, _, body = text.partition(b"\r\n\r\n")
    return int(head.split()[1]), json.loads(body)


def test_a_body_that_does_not_arrive_is_given_up_and_the_connection_with_it(make: Make) -> None:
    with served(make(router, limits={"request_seconds": 0.2})) as address, connection(address) as slow:
        slow.sendall(
            b"POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{"
        )

        status, problem = answer_of(slow)

    assert (status, problem["code"]) == (408, "request_timeout")


def test_a_caller_who_hangs_up_leaves_nothing_behind(make: Make) -> None:
    application = make(router)
    with served(application) as address:
        with connection(address) as gone:
            gone.sendall(
                b"POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{"
            )
        assert httpx.post(f"{address}/things", json={}).status_code == 200
    registry = application.state.figures.registry

    assert registry.get_sample_value("http_server_requests_in_flight") == 0
    labels = {"method": "POST", "route": "/things", "status": "499"}
    assert registry.get_sample_value("http_server_requests_total", labels) == 1


def test_an_answer_that_does_not_begin_is_given_up(start: Start) -> None:
    client = start(router, limits={"request_seconds": 0.2})

    for path in ("/never", "/blocked"):
        answer = client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (503, "timed_out")
        assert answer.headers["retry-after"] == "1"
    release.set()


def test_an_answer_that_has_begun_may_take_its_time(start: Start) -> None:
    assert start(router, limits={"request_seconds": 0.2}).get("/long").text == "x" * 10


def test_a_time_out_of_something_else_is_no_slow_request(start: Start) -> None:
    assert start(router).get("/own").json()["code"] == "internal_error"


def test_bytes_are_counted_while_a_body_is_read_in_pieces(start: Start) -> None:
    client = start(router, limits={"body_bytes": 4096})
    kind = {"Content-Type": "application/octet-stream"}

    assert client.post("/pieces", content=iter([b"x" * 1000] * 4), headers=kind).json() == 4000
    assert client.post("/pieces", content=iter([b"x" * 1000] * 5), headers=kind).json()["code"] == "payload_too_large"


def test_more_requests_than_can_be_answered_are_refused_at_once(make: Make) -> None:
    with served(make(router, limits={"requests": 1})) as address, connection(address) as first:
        first.sendall(
            b"POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{"
        )
        with httpx.Client(base_url=address) as client:
            while (refused := client.get("/own")).status_code != 503:
                pass  # the first one is on its way
            assert refused.json()["code"] == "overloaded"
            assert client.get("/livez").status_code == 200
            first.sendall(b"}")
            assert b"200 OK" in first.recv(65536)
            assert client.get("/own").status_code == 500
