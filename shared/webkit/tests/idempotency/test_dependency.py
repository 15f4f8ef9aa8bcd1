"""The header, and what a client sees of it."""

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from pydantic import BaseModel
from starlette.responses import JSONResponse, Response

from lyceum_web.idempotency import Idempotent, Outcomes, RequestKey, keyed_routes
from lyceum_web.problems import ProblemError
from lyceum_web.security import requires_login
from lyceum_web.testing import Callers, ManualClock

pytestmark = pytest.mark.usefixtures("database")


class Order(BaseModel):
    thing: str


class Orders(list[str]):
    client: httpx.Client


@pytest.fixture
def orders(serve: Callable[..., httpx.Client], callers: Callers, clock: ManualClock) -> Orders:
    made = Orders()
    router = APIRouter()

    @router.post("/v1/orders", dependencies=[requires_login()])
    def order(body: Order, once: Idempotent) -> Response:
        def make(order_id: str) -> JSONResponse:
            if body.thing == "forbidden":
                raise ProblemError("conflict")
            made.append(body.thing)
            return JSONResponse({"id": order_id}, 201, {"Location": f"/v1/orders/{order_id}"})

        return once.run(make)

    @router.post("/v1/open-orders")
    def order_unknown(once: Idempotent) -> Response:
        return once.run(lambda order_id: JSONResponse({"id": order_id}, 201))

    @router.post("/v1/payments")
    def pay(key: RequestKey) -> str:
        made.append(key)
        return key

    made.client = serve(router, security=callers.security, outcomes=Outcomes(clock=clock))
    return made


def post(orders: Orders, callers: Callers, body: Any = None, *keys: bytes, path: str = "/v1/orders") -> httpx.Response:
    headers = [(name.encode(), value.encode()) for name, value in callers.headers().items()]
    headers += [(b"Idempotency-Key", key) for key in keys]
    content = json.dumps(body or {"thing": "tea"})
    return orders.client.post(path, content=content, headers=[*headers, (b"content-type", b"application/json")])


def test_sent_twice_it_is_done_once(orders: Orders, callers: Callers) -> None:
    first = post(orders, callers, None, b"k1")
    second = post(orders, callers, None, b"k1")

    assert orders == ["tea"]
    assert first.status_code == second.status_code == 201
    assert first.content == second.content
    assert first.headers["Location"] == second.headers["Location"]
    assert first.headers["content-type"] == second.headers["content-type"]
    assert "idempotent-replayed" not in first.headers
    assert second.headers["idempotent-replayed"] == "true"


def test_without_a_key_nothing_is_done(orders: Orders, callers: Callers) -> None:
    answer = post(orders, callers)

    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency_key_required")
    assert not orders


@pytest.mark.parametrize(
    "keys",
    [
        [b""],
        [b'""'],
        [b"x" * 129],
        [b'"' + b"x" * 129 + b'"'],
        [b'"open'],
        [b'a"b'],
        [b"a\\b"],
        [b"a b"],
        [b"a\tb"],
        [b"\xc3\xa4"],
        [b"a", b"a"],
        [b"a", b"b"],
    ],
)
def test_what_cannot_be_a_key_is_named(orders: Orders, callers: Callers, keys: list[bytes]) -> None:
    answer = post(orders, callers, None, *keys)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert answer.json()["errors"][0]["pointer"] == "/header/idempotency-key"
    assert not orders


@pytest.mark.parametrize(
    "key", [b"a", b"x" * 128, b"8e03978e-40d5-43dd-bc93-6894a57f9324", b"!#$%&'()*+,-./:;<=>?@[]^_`{|}~"]
)
def test_what_can_be_a_key_is_one(orders: Orders, callers: Callers, key: bytes) -> None:
    assert post(orders, callers, None, key).status_code == 201
    assert post(orders, callers, None, b'"' + key + b'"').headers["idempotent-replayed"] == "true"


def test_the_same_key_for_something_else_is_refused(orders: Orders, callers: Callers) -> None:
    post(orders, callers, None, b"k1")
    answer = post(orders, callers, {"thing": "coffee"}, b"k1")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert orders == ["tea"]


def test_the_query_belongs_to_the_request(orders: Orders, callers: Callers) -> None:
    post(orders, callers, None, b"k1")

    assert post(orders, callers, None, b"k1", path="/v1/orders?gift=1").json()["code"] == "idempotency_key_reused"


def test_two_people_may_choose_one_key(orders: Orders, callers: Callers) -> None:
    for person in ("ana", "ben"):
        headers = {**callers.headers(person), "Idempotency-Key": "k1"}
        answer = orders.client.post("/v1/orders", json={"thing": person}, headers=headers)
        assert answer.status_code == 201

    assert orders == ["ana", "ben"]


def test_one_person_in_two_organizations_is_two_callers(orders: Orders, callers: Callers) -> None:
    for org_id in ("one", "two"):
        headers = {**callers.headers("ana", org_id=org_id), "Idempotency-Key": "k1"}
        orders.client.post("/v1/orders", json={"thing": org_id}, headers=headers)

    assert orders == ["one", "two"]


def test_a_request_that_is_refused_before_it_runs_leaves_its_key_unused(orders: Orders, callers: Callers) -> None:
    headers = {**callers.headers(), "Idempotency-Key": "k1"}
    assert orders.client.post("/v1/orders", json={"thing": 5}, headers=headers).status_code == 422

    assert post(orders, callers, None, b"k1").status_code == 201


def test_a_refusal_is_not_kept(orders: Orders, callers: Callers) -> None:
    body = {"thing": "forbidden"}

    assert post(orders, callers, body, b"k1").status_code == 409
    assert "idempotent-replayed" not in post(orders, callers, body, b"k1").headers


def test_callers_whom_nobody_knows_are_told_apart_by_address(orders: Orders) -> None:
    answers = [orders.client.post("/v1/open-orders", headers={"Idempotency-Key": "k1"}) for _ in range(2)]

    assert answers[0].content == answers[1].content


def test_the_key_alone_is_for_what_is_stored_with_it(orders: Orders, callers: Callers) -> None:
    answers = [post(orders, callers, None, b'"k1"', path="/v1/payments") for _ in range(2)]

    assert [answer.json() for answer in answers] == ["k1", "k1"]
    assert orders == ["k1", "k1"], "the effect remembers its key, nothing else does"


@pytest.mark.parametrize("keys", [(), (b"",), (b"k1", b"k2")])
def test_the_key_alone_is_as_strict(orders: Orders, callers: Callers, keys: tuple[bytes, ...]) -> None:
    answer = post(orders, callers, None, *keys, path="/v1/payments")

    assert (answer.status_code, orders) == (400, [])


def test_what_stores_no_answers_needs_no_records_of_them() -> None:
    application = FastAPI()

    @application.post("/once")
    def once(once: Idempotent) -> None: ...

    @application.post("/payments")
    def pay(key: RequestKey) -> None: ...

    assert keyed_routes(application) == ["POST /once"]
