"""HEAD is answered as GET is, without the body: RFC 9110, 9.3.2, on a socket, where a byte too many is seen."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI, Response
from starlette.responses import StreamingResponse

from lyceum_web.security import public, requires_login
from lyceum_web.testing import served


@pytest.fixture(scope="module")
def router() -> APIRouter:
    router = APIRouter()
    router.get("/own", name="own", dependencies=[requires_login()])(lambda: None)

    @router.get("/things", dependencies=[public()])
    def things() -> list[str]:
        return ["bread", "cake"]

    @router.post("/orders", dependencies=[public()])
    def order() -> None: ...

    @router.get("/tagged", dependencies=[public()])
    def tagged() -> Response:
        return Response(b"bread", headers={"ETag": '"1"'})

    @router.get("/stream", dependencies=[public()])
    def stream() -> Response:
        return StreamingResponse(iter([b"bread", b"cake"]))

    @router.get("/broken", dependencies=[public()])
    def broken() -> None:
        raise ZeroDivisionError

    return router


@pytest.fixture
def client(make: Callable[..., FastAPI], router: APIRouter) -> Iterator[httpx.Client]:
    with served(make(router)) as address, httpx.Client(base_url=address) as client:
        yield client


VARYING = {"date", "x-correlation-id"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/things", 200),
        ("/tagged", 200),
        ("/stream", 200),
        ("/own", 401),
        ("/broken", 500),
        ("/none", 404),
        ("/orders", 405),
        ("/livez", 200),
        ("/openapi.json", 200),
    ],
)
def test_the_head_is_that_of_get_and_nothing_follows(client: httpx.Client, path: str, status: int) -> None:
    head, get = client.head(path), client.get(path)

    assert head.status_code == get.status_code == status
    assert head.content == b""
    assert {name: value for name, value in head.headers.items() if name not in VARYING} == {
        name: value for name, value in get.headers.items() if name not in VARYING
    }


def test_it_is_counted_as_what_it_was(client: httpx.Client) -> None:
    client.head("/things")

    assert 'http_server_requests_total{method="HEAD",route="/things",status="200"} 1.0' in client.get("/metrics").text


def test_a_refused_method_is_told_of_it(client: httpx.Client) -> None:
    assert client.delete("/things").headers["allow"] == "GET, HEAD"
    assert client.head("/orders").headers["allow"] == "POST"
