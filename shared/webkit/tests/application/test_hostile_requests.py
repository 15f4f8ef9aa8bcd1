"""Whatever comes in, a problem goes out, quickly: in the process, and over a socket."""

import json
import time
from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel, ConfigDict

from lyceum_web.security import public
from lyceum_web.testing import application_client, served

MEBIBYTE = 1024 * 1024
MOST_BYTES = 8192
"""Of an answer: no request gets back what it sent."""
QUICK_S = 10
"""Generous, as the machine may be busy; each of them takes some milliseconds."""

router = APIRouter(dependencies=[public()])


class Parcel(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = ""
    weight: float = 0
    count: int = 0
    more: dict[str, object] = {}


@router.post("/parcels")
def send(parcel: Parcel) -> Parcel:
    return parcel


@router.post("/raw")
async def raw() -> None: ...


@router.get("/parcels/{name}")
def find(name: str, q: str = "") -> str:
    return name + q


def ten_mebibytes() -> Iterator[bytes]:
    for _ in range(160):
        yield b" " * 65536


@pytest.fixture(scope="module", params=["in the process", "over a socket"])
def hostile(request: pytest.FixtureRequest, make: Callable[..., FastAPI]) -> Iterator[httpx.Client]:
    application = make(router)
    if request.param == "in the process":
        with application_client(application) as client:
            yield client
    else:
        with served(application) as address, httpx.Client(base_url=address, timeout=QUICK_S) as client:
            yield client


CASES: dict[str, tuple[int, str, bytes | Callable[[], Iterator[bytes]], dict[str, str]]] = {
    "10 MB": (413, "payload_too_large", b" " * 10 * MEBIBYTE, {}),
    "10 MB in chunks": (413, "payload_too_large", ten_mebibytes, {}),
    "one byte too many": (413, "payload_too_large", b" " * (MEBIBYTE + 1), {}),
    "nested 10,000 deep": (400, "malformed_json", b"[" * 10_000 + b"]" * 10_000, {}),
    "objects 10,000 deep": (400, "malformed_json", b'{"a":' * 10_000 + b"1" + b"}" * 10_000, {}),
    "NUL": (422, "invalid_request", json.dumps({"name": "a\x00"}).encode(), {}),
    "lone surrogate": (422, "invalid_request", b'{"name": "\\ud800"}', {}),
    "lone surrogate where anything goes": (422, "invalid_request", b'{"more": {"x": ["\\udfff"]}}', {}),
    "invalid UTF-8": (400, "malformed_json", b'{"name": "\xff"}', {}),
    "name twice": (400, "malformed_json", b'{"count": 1, "count": 2}', {}),
    "endless number": (400, "malformed_json", b'{"count": ' + b"9" * 100_000 + b"}", {}),
    "number beyond a double": (400, "malformed_json", b'{"weight": 1e999}', {}),
    "NaN": (400, "malformed_json", b'{"weight": NaN}', {}),
    "half a document": (400, "malformed_json", b'{"name": "a', {}),
    "70,000 unknown names": (
        413,
        "payload_too_large",
        json.dumps(dict.fromkeys(map(str, range(70_000)), 1)).encode(),
        {},
    ),
    "9,000 unknown names": (422, "invalid_request", json.dumps(dict.fromkeys(map(str, range(9000)), 1)).encode(), {}),
    "340,000 arrays": (413, "payload_too_large", b"[" + b"[]," * 340_000 + b"[]]", {}),
    "a name of 900 KB": (422, "invalid_request", json.dumps({"n" * 900_000: 1}).encode(), {}),
    "a name of 900 KB over NULs": (422, "invalid_request", json.dumps({"n" * 900_000: ["\x00"] * 90}).encode(), {}),
    "no document": (422, "invalid_request", b"", {}),
    "an array": (422, "invalid_request", b"[]", {}),
    "text": (415, "unsupported_media_type", b"name=a", {"Content-Type": "text/plain"}),
    "form": (415, "unsupported_media_type", b"name=a", {"Content-Type": "application/x-www-form-urlencoded"}),
    "no content type": (415, "unsupported_media_type", b"{}", {"Content-Type": ""}),
    "compressed": (415, "unsupported_media_type", b"\x1f\x8b", {"Content-Encoding": "gzip"}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_hostile_body_is_a_problem(hostile: httpx.Client, case: str) -> None:
    status, code, body, headers = CASES[case]
    content = body if isinstance(body, bytes) else body()
    began = time.monotonic()

    answer = hostile.post("/parcels", content=content, headers={"Content-Type": "application/json", **headers})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert len(answer.content) < MOST_BYTES
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-correlation-id"] == answer.json()["correlation_id"]
    assert time.monotonic() - began < QUICK_S


def test_a_problem_ends_no_connection(hostile: httpx.Client) -> None:
    for _ in range(2):
        assert hostile.post("/parcels", content=b" " * 2 * MEBIBYTE).status_code == 413
        assert hostile.post("/parcels", json={"name": "a"}).json()["name"] == "a"


@pytest.mark.parametrize("path", ["/parcels/a%00b", "/parcels/a?q=%00", "/%00", "/parcels/a?q=b%00"])
def test_an_address_that_nothing_can_store_is_a_problem(hostile: httpx.Client, path: str) -> None:
    answer = hostile.get(path)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
    assert answer.json()["errors"][0]["pointer"] in ("/path", "/query")


@pytest.mark.parametrize("path", ["/parcels/%ED%A0%80", "/parcels/%FF", "/parcels/a?q=%ED%A0%80", "/parcels/%2500"])
def test_an_address_that_is_no_utf8_is_answered(hostile: httpx.Client, path: str) -> None:
    assert hostile.get(path).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/none", 404), ("PUT", "/parcels", 405), ("BREW", "/parcels", 405)]
)
def test_what_is_not_there_is_a_problem(hostile: httpx.Client, method: str, path: str, status: int) -> None:
    answer = hostile.request(method, path)

    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert status != 405 or "POST" in answer.headers["allow"]


def test_a_body_that_is_asked_of_nobody_is_counted_all_the_same(hostile: httpx.Client) -> None:
    answer = hostile.post("/raw", content=b"x" * 2 * MEBIBYTE, headers={"Content-Type": "application/octet-stream"})

    assert answer.json()["code"] == "payload_too_large"
