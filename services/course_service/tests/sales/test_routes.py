"""The story over HTTP: order, pay, attend, give back; and what everybody else is told."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from course_service.enrolments.waitlist import Waitlist
from course_service.models import Enrolment, Purchase
from course_service.payments.exceptions import ProviderGarbage, ProviderRefused, ProviderUnavailable
from course_service.payments.fake_provider import Delivery
from course_service.payments.signatures import HEADER
from course_service.problems import CODES, ERRORS
from course_service.selling import MODELS, ROUTERS
from lyceum_allocation import AllocationRepository, AllocationService, CapacityRepository
from lyceum_allocation.testing import purchase
from lyceum_contracts import AllocationWaitlisted
from lyceum_database import Unavailable
from lyceum_web.application import create_application
from lyceum_web.settings import WebSettings
from lyceum_web.testing import Callers, application_client, document_faults

from .shop import PRICE, Shop, events
from .test_enrolments import allocated, tell


@pytest.fixture
def shop(embedded_shop: Shop) -> Shop:
    return embedded_shop


STUDENT = ("purchases:create", "purchases:read", "enrolments:read")
BOSS = ("purchases:read", "purchases:manage")


class Web:
    """The shop over HTTP."""

    def __init__(self, shop: Shop, client: httpx.Client, callers: Callers) -> None:
        self.shop, self.client, self.callers = shop, client, callers
        self._headers: dict[str, dict[str, str]] = {}

    def headers(self, who: str, org: str = "default") -> dict[str, str]:
        key = f"{who}@{org}"
        if key not in self._headers:
            permissions = BOSS if who == "boss" else STUDENT
            self._headers[key] = self.callers.headers(who, permissions=permissions, org_id=org)
        return self._headers[key]

    def get(self, path: str, who: str = "ana", org: str = "default") -> httpx.Response:
        return self.client.get(path, headers=self.headers(who, org))

    def post(self, path: str, body: object, *, key: str | None = "k1", who: str = "ana") -> httpx.Response:
        keyed = {} if key is None else {"Idempotency-Key": key}
        return self.client.post(path, json=body, headers=self.headers(who) | keyed)

    def buys(self, key: str = "k1", who: str = "ana", **body: Any) -> httpx.Response:
        return self.post("/v1/courses/algebra/purchases", body, key=key, who=who)

    def delivers(self, delivery: Delivery) -> httpx.Response:
        return self.client.post("/v1/payment-webhooks/fake", content=delivery.body, headers=dict(delivery.headers))

    def gives_back(self, order_id: str, key: str = "r1", who: str = "boss", **body: Any) -> httpx.Response:
        return self.post(f"/v1/purchases/{order_id}/refunds", {"reason": "x", **body}, key=key, who=who)


def application(shop: Shop, callers: Callers) -> FastAPI:
    waitlist = Waitlist(AllocationRepository(clock=shop.clock), clock=shop.clock)
    built = (shop.orders, shop.enrolments, shop.purchases, shop.webhooks, waitlist)

    @asynccontextmanager
    async def state() -> AsyncIterator[Mapping[str, Any]]:
        yield {"services": {type(one): one for one in built}}

    return create_application(
        title="Courses",
        version="1",
        settings=WebSettings(environment="development"),
        routers=ROUTERS,
        models=MODELS,
        security=callers.security,
        state=state,
        errors=ERRORS,
        codes=CODES,
    )


@pytest.fixture
def web(shop: Shop) -> Iterator[Web]:
    callers = Callers()
    with application_client(application(shop, callers)) as client:
        yield Web(shop, client, callers)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_student_orders_pays_attends_and_gets_the_money_back(web: Web) -> None:
    made = web.buys(language="de", wants=[3])
    assert made.status_code == 201
    order = made.json()["purchase"]
    assert made.headers["location"] == f"/v1/purchases/{order['id']}"
    assert made.headers["cache-control"] == "no-store"
    assert made.json()["payment"]["client_secret"]
    assert (order["status"], order["amount_minor"], order["currency"]) == ("created", PRICE, "EUR")
    assert code(web.get("/v1/enrolments/algebra")) == (404, "not_found")

    assert web.delivers(web.shop.paid(order["id"])).json() == {"received": True}
    assert web.get(f"/v1/purchases/{order['id']}").json()["status"] == "paid"
    assert web.get("/v1/enrolments/algebra").json()["purchase_ids"] == [order["id"]]

    back = web.gives_back(order["id"], amount_minor=1000)
    assert (back.status_code, [refund["status"] for refund in back.json()["refunds"]]) == (201, ["accepted"])
    web.delivers(web.shop.provider.outgoing.pop())
    assert web.get(f"/v1/purchases/{order['id']}").json()["status"] == "part_refunded"
    web.gives_back(order["id"], "r2")
    web.delivers(web.shop.provider.outgoing.pop())

    ended = web.get("/v1/enrolments/algebra").json()
    assert (ended["status"], ended["purchase_ids"]) == ("ended", [])
    assert web.get("/v1/enrolments").json()["items"] == []


def test_fifty_clicks_at_once_are_one_order_for_all_who_click(web: Web) -> None:
    web.headers("ana")
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: web.buys("same"), range(50)))

    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["purchase"]["id"] for answer in answers}) == 1
    assert sum("idempotent-replayed" not in answer.headers for answer in answers) == 1
    assert Purchase.objects.count() == 1
    web.delivers(web.shop.paid(answers[0].json()["purchase"]["id"]))
    assert Enrolment.objects.count() == 1


@pytest.mark.parametrize(
    ("error", "status", "said"),
    [
        (ProviderUnavailable(), 503, "payment_provider_unavailable"),
        (ProviderGarbage(), 502, "payment_provider_error"),
        (ProviderRefused("amount_too_small"), 409, "payment_refused"),
    ],
)
def test_whatever_the_provider_does_the_client_is_told_and_the_same_key_goes_on(
    web: Web, error: Exception, status: int, said: str
) -> None:
    web.shop.provider.fails(error)
    answer = web.buys()
    assert code(answer) == (status, said)
    assert ("retry-after" in answer.headers) == (status == 503)
    assert [order["status"] for order in web.get("/v1/purchases").json()["items"]] == ["created"]

    again = web.buys()

    assert again.status_code == 201
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json()["payment"]["client_secret"]


def test_whoever_clicks_without_end_is_told_to_wait(web: Web) -> None:
    answers = [web.buys("same") for _ in range(130)]

    assert {answer.status_code for answer in answers[:120]} == {201}
    assert {code(answer) for answer in answers[120:]} == {(429, "rate_limited")}
    assert web.buys("same", who="ben").status_code == 201


def test_a_key_is_asked_for_and_is_for_one_thing(web: Web) -> None:
    assert code(web.post("/v1/courses/algebra/purchases", {}, key=None)) == (400, "idempotency_key_required")
    web.buys(language="en")
    assert code(web.buys(language="de")) == (422, "idempotency_key_reused")
    assert code(web.gives_back("nobody-ordered", key="")) == (400, "bad_request")


@pytest.mark.parametrize(
    "body",
    [
        {"amount_minor": 1},
        {"language": "english please"},
        {"wants": [336]},
        {"wants": [1.0]},
        {"wants": ["1"]},
        [],
    ],
)
def test_nobody_chooses_the_price_and_nonsense_is_pointed_at(web: Web, body: object) -> None:
    assert code(web.post("/v1/courses/algebra/purchases", body)) == (422, "invalid_request")
    assert Purchase.objects.count() == 0


def test_a_form_is_small(web: Web) -> None:
    answer = web.post("/v1/courses/algebra/purchases", {"wants": [0] * 9000})

    assert code(answer) == (413, "payload_too_large")


def test_what_is_not_sold_is_a_conflict_and_what_is_not_there_is_not_found(web: Web) -> None:
    web.shop.stock("old", status="archived")

    assert code(web.post("/v1/courses/old/purchases", {})) == (409, "not_for_sale")
    assert code(web.post("/v1/courses/none/purchases", {})) == (404, "not_found")


def test_others_purchases_are_not_there_but_for_those_who_may(web: Web) -> None:
    order_id = web.buys().json()["purchase"]["id"]
    web.buys("k2", who="ben")

    assert code(web.get(f"/v1/purchases/{order_id}", "ben")) == (404, "not_found")
    assert code(web.get(f"/v1/purchases/{order_id}", "ana", "acme")) == (404, "not_found")
    assert web.get(f"/v1/purchases/{order_id}", "boss").status_code == 200
    assert code(web.get("/v1/purchases?student_id=ana", "ben")) == (403, "forbidden")
    assert code(web.get(f"/v1/purchases/{order_id}", "boss", "acme")) == (404, "not_found")
    assert code(web.gives_back(order_id, who="ana")) == (403, "forbidden")

    def students(path: str, who: str) -> list[str]:
        return [order["student_id"] for order in web.get(path, who).json()["items"]]

    assert students("/v1/purchases", "ana") == ["ana"]
    assert students("/v1/purchases", "boss") == ["ben", "ana"]
    assert students("/v1/purchases?student_id=ana", "boss") == ["ana"]
    assert students("/v1/purchases?course_id=none", "boss") == []


def test_purchases_are_listed_newest_first_page_by_page(web: Web) -> None:
    ids = [web.buys(f"k{number}").json()["purchase"]["id"] for number in range(5)]
    seen, path = list[str](), "/v1/purchases?limit=2"
    while path:
        answer = web.get(path)
        seen += [order["id"] for order in answer.json()["items"]]
        path = answer.headers["link"].partition(">")[0].removeprefix("<") if "link" in answer.headers else ""

    assert seen == ids[::-1]


def test_a_student_sees_the_trainer_or_the_place_in_the_queue(web: Web) -> None:
    clock = web.shop.clock
    waiting = AllocationService(
        allocations=AllocationRepository(clock=clock), capacities=CapacityRepository(clock=clock), clock=clock
    )
    for who in ("ben", "ana"):
        order_id = web.buys(who, who).json()["purchase"]["id"]
        web.delivers(web.shop.paid(order_id))
        waiting.allocate(purchase(order_id, student=who, course="algebra"))
        held = AllocationRepository().get(web.shop.access(who).id)  # type: ignore[union-attr] # there is one
        (entry,) = held.outbox
        assert entry["type"] == "ALLOCATION_WAITLISTED"
        web.shop.enrolling.waitlisted(_waitlisted(entry), org_id="default")
        web.shop.clock.advance(timedelta(seconds=1))

    answer = web.get("/v1/enrolments/algebra").json()
    assert (answer["trainer_id"], answer["waiting"]["position"]) == (None, 2)
    assert web.get("/v1/enrolments/algebra", "ben").json()["waiting"]["position"] == 1

    tell(web.shop.enrolling, allocated(1, "t1"))
    answer = web.get("/v1/enrolments/algebra").json()
    assert (answer["trainer_id"], answer["waiting"]) == ("t1", None)
    assert [one["trainer_id"] for one in web.get("/v1/enrolments").json()["items"]] == ["t1"]

    (bought,) = answer["purchase_ids"]
    web.delivers(web.shop.refunded(bought))
    answer = web.get("/v1/enrolments/algebra").json()
    assert (answer["status"], answer["trainer_id"]) == ("ended", None)


def _waitlisted(entry: Mapping[str, Any]) -> Any:
    return AllocationWaitlisted.parse(json.loads(entry["value"]))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda good: Delivery(good.body + b" ", good.headers), "bad_signature"),
        (lambda good: Delivery(good.body.replace(b'": ', b'":  ', 1), good.headers), "bad_signature"),
        (lambda good: Delivery(good.body, {"content-type": "application/json"}), "bad_signature"),
    ],
)
def test_a_forged_delivery_is_refused_with_400(web: Web, spoil: Any, said: str) -> None:
    order_id = web.buys().json()["purchase"]["id"]

    assert code(web.delivers(spoil(web.shop.paid(order_id)))) == (400, said)
    assert events() == []


@pytest.mark.parametrize("odd", ["\\u0000", "\\ud800"])
def test_what_payers_call_themselves_keeps_no_payment_out(web: Web, odd: str) -> None:
    order_id = web.buys().json()["purchase"]["id"]
    name = b'"name": "%s", "status"' % odd.encode()
    told = web.shop.paid(order_id).body.replace(b'"status"', name)
    assert name in told

    assert web.delivers(web.shop.provider.signed(told)).status_code == 200
    assert web.get(f"/v1/purchases/{order_id}").json()["status"] == "paid"


@pytest.mark.parametrize("body", [b"", b"[" * 5000, b"\xff", b'{"a": 1, "a": 2}', b"NaN"])
def test_bytes_that_are_no_event_are_refused_as_forged(web: Web, body: bytes) -> None:
    answer = web.client.post(
        "/v1/payment-webhooks/fake", content=body, headers={"content-type": "application/json", HEADER: "t=1,v1=0"}
    )

    assert code(answer) == (400, "bad_signature")


def test_a_stale_or_unreadable_delivery_and_an_unknown_provider(web: Web) -> None:
    delivery = web.shop.paid(web.buys().json()["purchase"]["id"])
    unreadable = web.shop.provider.signed(b'{"object": "event"}')
    assert code(web.delivers(unreadable)) == (400, "unreadable_event")
    answer = web.client.post("/v1/payment-webhooks/stripe", content=delivery.body, headers=dict(delivery.headers))
    assert code(answer) == (404, "not_found")
    web.shop.clock.advance(timedelta(minutes=6))
    assert code(web.delivers(delivery)) == (400, "stale_signature")


def test_a_delivery_is_acknowledged_although_acting_upon_it_fails_and_the_sweep_does_it(
    web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = web.buys().json()["purchase"]["id"]

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(web.shop.settling, "enrol", fail)
    assert web.delivers(web.shop.paid(order_id)).status_code == 200
    monkeypatch.undo()
    assert [event.status for event in events()] == ["received"]

    web.shop.sweeps()

    assert web.get("/v1/enrolments/algebra").json()["status"] == "active"


def test_a_delivery_that_cannot_be_stored_is_not_acknowledged(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery = web.shop.paid(web.buys().json()["purchase"]["id"])

    def away(*_: object) -> None:
        raise Unavailable("MongoDB does not answer")

    with monkeypatch.context() as broken:
        broken.setattr(web.shop.events, "insert", away)
        assert code(web.delivers(delivery)) == (503, "database_unavailable")
    assert web.delivers(delivery).status_code == 200
    assert web.get("/v1/enrolments/algebra").json()["status"] == "active"


def test_the_document_owes_its_readers_nothing(shop: Shop) -> None:
    assert document_faults(application(shop, Callers())) == []
