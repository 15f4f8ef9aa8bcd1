"""What no ordinary client sends, over a socket, byte by byte: an answer in every case, and never one that is our fault."""

import socket
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from fastapi import APIRouter, FastAPI

from lyceum_web.security import public
from lyceum_web.testing import served

Make = Callable[..., FastAPI]
router = APIRouter(dependencies=[public()])


@router.get("/x/{a}")
def find(a: str, n: int = 0) -> str:
    return a


@router.post("/y")
def take(body: dict[str, object]) -> int:
    return len(body)


@pytest.fixture(scope="module")
def place(make: Make) -> Iterator[tuple[str, int]]:
    with served(make(router)) as address:
        parts = urlsplit(address)
        yield str(parts.hostname), int(parts.port or 0)


JSON = b"Content-Type: application/json\r\n"
CASES = {
    "asterisk": (404, b"OPTIONS * HTTP/1.1\r\n", b""),
    "absolute address": (404, b"GET http://elsewhere/livez HTTP/1.1\r\n", b""),
    "proxy's method": (404, b"CONNECT elsewhere:443 HTTP/1.1\r\n", b""),
    "unknown method": (405, b"BREW /x/a HTTP/1.1\r\n", b""),
    "two slashes": (404, b"GET //elsewhere/../livez HTTP/1.1\r\n", b""),
    "encoded slash": (404, b"GET /x/%2F HTTP/1.1\r\n", b""),
    "broken escape": (200, b"GET /x/%zz HTTP/1.1\r\n", b""),
    "encoded NUL": (422, b"GET /x/%00 HTTP/1.1\r\n", b""),
    "encoded surrogate": (200, b"GET /x/%ED%A0%80 HTTP/1.1\r\n", b""),
    "long address": (422, b"GET /x/" + b"a" * 10_000 + b"?n=z HTTP/1.1\r\n", b""),
    "one name 3,000 times": (422, b"GET /x/a?" + b"n=z&" * 3000 + b" HTTP/1.1\r\n", b""),
    "no UTF-8 in headers": (200, b"GET /x/a HTTP/1.1\r\nAuthorization: Bearer \xff\r\nX-Y: \xfe\xff\r\n", b""),
    "long trace": (200, b"GET /x/a HTTP/1.1\r\ntraceparent: 00-" + b"a" * 5000 + b"\r\ntracestate: x=1,\r\n", b""),
    "two hosts": (400, b"GET /x/a HTTP/1.1\r\nHost: b\r\n", b""),
    "two lengths": (400, b"POST /y HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n" + JSON, b"{}"),
    "length and chunks": (
        400,
        b"POST /y HTTP/1.1\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n" + JSON,
        b"2\r\n{}\r\n0\r\n\r\n",
    ),
    "endless length": (400, b"POST /y HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n" + JSON, b"{}"),
    "negative length": (400, b"POST /y HTTP/1.1\r\nContent-Length: -2\r\n" + JSON, b"{}"),
    "waits for leave": (413, b"POST /y HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n" + JSON, b""),
    "compressed in transfer": (
        400,
        b"POST /y HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n" + JSON,
        b"2\r\n{}\r\n0\r\n\r\n",
    ),
    "wrong chunk": (400, b"POST /y HTTP/1.1\r\nTransfer-Encoding: chunked\r\n" + JSON, b"-1\r\n{}\r\n0\r\n\r\n"),
    "body of a GET": (200, b"GET /x/a HTTP/1.1\r\nContent-Length: 2\r\n" + JSON, b"{}"),
    "websocket": (200, b"GET /x/a HTTP/1.1\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n", b""),
}


@pytest.mark.parametrize("case", CASES)
def test_an_odd_request_is_answered(place: tuple[str, int], case: str) -> None:
    status, head, body = CASES[case]
    with socket.create_connection(place, timeout=20) as strange:
        strange.sendall(head + b"Host: x\r\nConnection: close\r\n\r\n" + body)
        answer = b""
        while part := strange.recv(65536):
            answer += part

    assert int(answer.split()[1]) == status
    assert status == 200 or b"application/problem+json" in answer
