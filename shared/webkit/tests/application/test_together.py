"""Access, limits, keys and lists in one application: what they add is on every answer, problems and replays too."""

from collections.abc import Callable, Iterator

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.responses import JSONResponse, Response

from lyceum_database.testing import temporary_database
from lyceum_program.errors import StartRefused
from lyceum_web.idempotency import Idempotent
from lyceum_web.models import IdempotencyRecord
from lyceum_web.pages import Page, PageQuery
from lyceum_web.rates import by_address, limited
from lyceum_web.security import public, requires
from lyceum_web.testing import Callers, application_client

Make = Callable[..., FastAPI]


def router() -> APIRouter:
    made = APIRouter()

    @made.post("/v1/orders", dependencies=[requires("orders:write"), limited("orders", "3/minute")])
    def order(once: Idempotent) -> Response:
        return once.run(lambda order_id: JSONResponse({"id": order_id}, 201))

    @made.get("/v1/numbers", dependencies=[public(), limited("reads", "2/minute", by=by_address)])
    def list_numbers(page: PageQuery) -> Page[int]:
        listing = page.of("numbers")
        after = int(listing.after_id or 0)
        return listing.page(range(after + 1, 100)[: listing.fetch], int, position=lambda number: (str(number),))

    return made


@pytest.fixture
def client(make: Make) -> Iterator[httpx.Client]:
    with (
        temporary_database([IdempotencyRecord]),
        application_client(make(router(), models=[IdempotencyRecord])) as client,
    ):
        yield client


def test_a_limit_is_told_with_every_answer_whatever_becomes_of_the_request(
    client: httpx.Client, people: Callers
) -> None:
    headers = people.headers("ana", permissions=["orders:write"])
    keys = {"Idempotency-Key": "k1"}
    answers = [
        client.post("/v1/orders", headers=headers),
        client.post("/v1/orders", headers=headers | keys),
        client.post("/v1/orders", headers=headers | keys),
        client.post("/v1/orders", headers=headers | keys),
    ]

    assert [answer.status_code for answer in answers] == [400, 201, 201, 429]
    assert [answer.headers["RateLimit"].split(";")[:2] for answer in answers] == [
        ['"orders"', f"r={left}"] for left in (2, 1, 0, 0)
    ]
    assert {answer.headers["RateLimit-Policy"] for answer in answers} == {'"orders";q=3;w=60'}
    assert answers[2].headers["Idempotent-Replayed"] == "true"
    assert answers[1].content == answers[2].content
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert answers[3].json()["code"] == "rate_limited"


def test_people_are_counted_apart_and_strangers_not_at_all(client: httpx.Client, people: Callers) -> None:
    for _ in range(4):
        client.post("/v1/orders", headers=people.headers("eve", permissions=["orders:write"]))
    answer = client.post(
        "/v1/orders", headers=people.headers("ben", permissions=["orders:write"]) | {"Idempotency-Key": "k"}
    )
    unknown = client.post("/v1/orders")

    assert answer.status_code == 201
    assert unknown.status_code == 401
    assert "RateLimit" not in unknown.headers  # access is settled before anything is counted


def test_addresses_are_counted_where_nobody_signs_in(client: httpx.Client) -> None:
    first = client.get("/v1/numbers?limit=2")
    second = client.get(first.links["next"]["url"])

    assert second.json()["items"] == [3, 4]
    assert client.get("/v1/numbers").status_code == 429


def test_the_document_lists_what_they_may_end_a_request_with(client: httpx.Client) -> None:
    answers = client.get("/openapi.json").json()["paths"]["/v1/orders"]["post"]["responses"]

    assert {"400", "401", "403", "409", "422", "429"} <= set(answers)


def test_an_application_with_an_undeclared_route_does_not_start(make: Make) -> None:
    open_router = APIRouter()
    open_router.get("/v1/open")(lambda: "x")

    with pytest.raises(StartRefused, match=r"GET /v1/open declares no permission"):
        make(open_router)


def test_a_storage_of_limits_that_cannot_work_stops_the_start(make: Make) -> None:
    with pytest.raises(StartRefused, match="RATE_LIMIT_STORAGE"):
        make(router(), limits={"rate_limit_storage": "carrier-pigeon://x"})


def test_keys_whose_records_would_have_no_index_stop_the_start(make: Make) -> None:
    with pytest.raises(StartRefused, match=r"POST /v1/orders: takes idempotency keys.*IdempotencyRecord"):
        make(router())
