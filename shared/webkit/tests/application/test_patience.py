"""A request has so long to arrive, and its answer so long to begin."""

import asyncio
import json
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request
from starlette.responses import StreamingResponse

from lyceum_web.lifespan import running
from lyceum_web.limits import allowing
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


@router.put("/parts/{number}")
@allowing(body_bytes=10_000, seconds=20)
async def part(number: int, request: Request) -> int:
    await asyncio.sleep(0.3)
    return len(await request.body())


@router.post("/signed")
@allowing(any_json=True)
async def signed(request: Request) -> str:
    return (await request.body()).decode("latin-1")


@router.get("/breaks")
async def breaks() -> StreamingResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield b"half"
        raise ValueError("broken")

    return StreamingResponse(parts())


@router.get("/who")
async def who(request: Request) -> str:
    return request.client.host if request.client else ""


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


def test_a_head_that_does_not_arrive_is_given_up_on_a_new_connection_and_on_a_used_one(make: Make) -> None:
    with served(make(router, limits={"head_seconds": 0.3})) as address:
        for used in (False, True):
            for begun in (b"", b"GET /liv"):
                with connection(address) as slow:
                    if used:
                        slow.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
                        received = b""
                        while b"alive" not in received:
                            received += slow.recv(65536)
                    slow.sendall(begun)
                    if used and not begun:
                        continue  # a connection that waits for its next request is uvicorn's to close
                    status, problem = answer_of(slow)
                    assert (status, problem["code"]) == (408, "request_timeout")


def test_a_connection_that_waits_for_its_next_request_sends_no_slow_head(make: Make) -> None:
    ask = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
    with served(make(router, limits={"head_seconds": 0.1})) as address, connection(address) as idle:
        idle.sendall(ask)
        assert httpx.get(f"{address}/long").text == "x" * 10, "which takes half a second"
        idle.sendall(ask.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = b""
        while part := idle.recv(65536):
            received += part

    assert received.count(b'{"status":"alive"}') == 2


def test_a_connection_is_kept_for_the_next_request_so_long(make: Make) -> None:
    with served(make(router, limits={"keep_alive_seconds": 1})) as address, connection(address) as idle:
        idle.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
        received = b""
        while part := idle.recv(65536):
            received += part

    assert received.endswith(b'{"status":"alive"}')


def test_a_head_that_arrived_is_not_counted_against_what_follows(make: Make) -> None:
    with served(make(router, limits={"head_seconds": 0.1})) as address, httpx.Client(base_url=address) as client:
        assert client.get("/long").text == "x" * 10
        assert client.get("/long").text == "x" * 10


@pytest.mark.parametrize(
    "nonsense",
    [
        b"NONSENSE\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000,
    ],
)
def test_what_is_no_http_is_a_problem(make: Make, nonsense: bytes) -> None:
    with served(make(router, limits={"head_seconds": 0.3})) as address, connection(address) as strange:
        strange.sendall(nonsense)

        status, problem = answer_of(strange)

    assert (status, problem["code"]) in [(400, "bad_request"), (408, "request_timeout")]


def test_nonsense_in_the_middle_of_a_body_ends_the_request(make: Make) -> None:
    with served(make(router)) as address:
        with connection(address) as strange:
            head = b"POST /things HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            strange.sendall(head + b"zz\r\n")
            assert answer_of(strange)[1]["code"] == "bad_request"
        assert httpx.get(f"{address}/livez").status_code == 200


def test_an_answer_that_breaks_off_is_seen_as_broken_and_logged_once(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    with served(make(router)) as address, httpx.Client(base_url=address) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.get("/breaks")
        assert client.get("/livez").status_code == 200

    assert [record.name for record in caplog.records if record.exc_info] == ["lyceum_web.exchanges"]


@pytest.mark.parametrize(("trusted", "seen"), [("127.0.0.1", "203.0.113.9"), ("10.0.0.1", "127.0.0.1")])
def test_only_a_trusted_proxy_is_believed_about_the_caller(make: Make, trusted: str, seen: str) -> None:
    with served(make(router, limits={"trusted_proxies": trusted})) as address:
        assert httpx.get(f"{address}/who", headers={"X-Forwarded-For": "203.0.113.9"}).json() == seen


@pytest.mark.parametrize("forwarded", [["1.2.3.4, 203.0.113.9, 10.1.0.2"], ["1.2.3.4", "203.0.113.9", "10.1.0.2"]])
def test_what_callers_write_of_themselves_does_not_count(make: Make, forwarded: list[str]) -> None:
    with served(make(router, limits={"trusted_proxies": "127.0.0.1, 10.1.0.0/16"})) as address:
        headers = [("X-Forwarded-For", value) for value in forwarded]
        assert httpx.get(f"{address}/who", headers=headers).json() == "203.0.113.9"


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


def test_a_route_may_have_limits_of_its_own(start: Start) -> None:
    client = start(router, limits={"body_bytes": 4096, "request_seconds": 0.1})
    kind = {"Content-Type": "application/octet-stream"}

    assert client.put("/parts/1", content=b"x" * 10_000, headers=kind).json() == 10_000
    assert client.put("/parts/1", content=b"x" * 10_001, headers=kind).json()["code"] == "payload_too_large"
    assert client.post("/pieces", content=b"x" * 5000, headers=kind).json()["code"] == "payload_too_large"
    assert client.get("/never").json()["code"] == "timed_out"


def test_an_endpoint_that_reads_the_bytes_itself_gets_them_as_they_came(start: Start) -> None:
    client = start(router, limits={"body_bytes": 4096})
    kind = {"Content-Type": "application/json"}
    body = b'{"a": "\\u0000", "a": NaN, \xff'

    assert client.post("/signed", content=body, headers=kind).json() == body.decode("latin-1")
    assert client.post("/signed", content=b"x" * 5000, headers=kind).json()["code"] == "payload_too_large"


async def test_a_request_that_somebody_else_cancels_was_not_slow(make: Make) -> None:
    reached = asyncio.Event()
    waiting = APIRouter(dependencies=[public()])

    @waiting.get("/waits")
    async def waits() -> None:
        reached.set()
        await asyncio.Event().wait()

    async with (
        running(make(waiting)) as answering,
        httpx.AsyncClient(transport=httpx.ASGITransport(answering), base_url="http://service.test") as client,
    ):
        request = asyncio.create_task(client.get("/waits"))
        await reached.wait()
        request.cancel()
        with pytest.raises(asyncio.CancelledError):
            await request


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
