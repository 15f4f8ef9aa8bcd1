"""What the course service promises whoever buys, over HTTP, with its programs killed and Kafka away."""

import itertools
import logging
import os
import secrets
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr

from course_service.main import main
from course_service.payments.fake_provider import Delivery, FakeProvider
from lyceum_allocation import allocation_id
from lyceum_contracts import DEFAULT_ORG, PurchaseCreated, PurchaseRefunded, TrainerAllocated
from lyceum_database import new_id, utc_now
from real_servers import Server

from .deployment import until
from .issuing import Issuer
from .selling import LANGUAGE, NOWHERE, PRICE, SECRET, TEACHER, CourseDeployment, Running, begun, serving

pytestmark = pytest.mark.wire

CLICKS = 50
AWAY_S = 3.0
STUDENTS = ("ana", "ben", "cid", "dia")


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with Issuer() as issuer:
        yield issuer


def deployed(issuer: Issuer, folder: Path, *, bootstrap: str | None = None) -> CourseDeployment:
    here = os.environ  # noqa: TID251 - where wire tests find their servers
    bootstrap = bootstrap or here["KAFKA_BOOTSTRAP"]
    made = CourseDeployment(bootstrap, here["MONGODB_URI"], f"course-{secrets.token_hex(4)}", folder, issuer)
    made.deploy()
    made.sign_in(*STUDENTS)
    made.sign_in("tea", permissions=TEACHER)
    return made


@pytest.fixture
def deployment(issuer: Issuer, tmp_path: Path) -> CourseDeployment:
    return deployed(issuer, tmp_path)


class Shop:
    """Two replicas, and a course that they sell."""

    def __init__(self, deployment: CourseDeployment, *replicas: Running) -> None:
        self.deployment, self.replicas = deployment, replicas
        self.provider = deployment.provider
        self.course = replicas[0].publishes("tea", "algebra")

    @property
    def one(self) -> Running:
        return self.replicas[0]

    def order(self, who: str) -> str:
        return self.one.buys(who, self.course, new_id())

    def status(self, order_id: str) -> str:
        return str(self.one.ask("GET", f"/v1/purchases/{order_id}", who="tea").body["status"])

    def attends(self, who: str) -> bool:
        return self.one.ask("GET", f"/v1/enrolments/{self.course}", who=who).body.get("status") == "active"


@pytest.fixture(scope="module")
def shop(issuer: Issuer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Of this module: each test has a student of its own."""
    deployment = deployed(issuer, tmp_path_factory.mktemp("course"))
    with begun(deployment) as one, begun(deployment) as two:
        one.until("ready")
        two.until("ready")
        yield Shop(deployment, one, two)


def test_fifty_clicks_at_once_are_one_order_one_enrolment_and_one_event(shop: Shop) -> None:
    together, key = threading.Barrier(CLICKS), new_id()

    def click(number: int) -> str:
        together.wait()
        return shop.replicas[number % 2].buys("ana", shop.course, key)

    def pay(number: int) -> None:
        together.wait()
        shop.replicas[number % 2].pays(order_id)

    with ThreadPoolExecutor(CLICKS) as crowd:
        (order_id,) = set(crowd.map(click, range(CLICKS)))
        list(crowd.map(pay, range(CLICKS)))

    until(lambda: shop.attends("ana"), "access")
    with shop.deployment.documents() as documents:
        assert documents["purchases"].count_documents({"student_id": "ana"}) == 1
        (enrolment,) = documents["enrolments"].find({"student_id": "ana"})
    assert enrolment["grants"] == [order_id]
    told = [one for one in shop.deployment.events(1) if one.event.student_id == "ana"]  # type: ignore[attr-defined] # every event of the topic has it
    assert {one.envelope.id for one in told} == {told[0].envelope.id}
    assert isinstance(told[0].event, PurchaseCreated)
    assert told[0].event.purchase_id == order_id


def later(order_id: str, *, by: timedelta) -> Delivery:
    return FakeProvider(SecretStr(SECRET), clock=lambda: utc_now() + by).paid(order_id, PRICE, "EUR")


def test_a_delivery_that_is_forged_stale_or_altered_by_one_space_is_refused_and_changes_nothing(shop: Shop) -> None:
    order_id = shop.order("ben")
    good = shop.provider.paid(order_id, PRICE, "EUR")
    forged = FakeProvider(SecretStr("whsec_of_somebody_else")).paid(order_id, PRICE, "EUR")
    refused = {
        "bad_signature": (forged, Delivery(good.body + b" ", good.headers), Delivery(good.body, {})),
        "stale_signature": (later(order_id, by=timedelta(minutes=-6)), later(order_id, by=timedelta(minutes=6))),
    }

    for code, deliveries in refused.items():
        for delivery in deliveries:
            answer = shop.one.delivers(delivery)
            assert (answer.status, answer.body["code"]) == (400, code)

    assert shop.status(order_id) == "created"
    assert not shop.attends("ben")
    with shop.deployment.documents() as documents:
        assert documents["webhook_events"].count_documents({"purchase_id": order_id}) == 0
    assert shop.one.delivers(good).status == 200, "the true one is taken"
    until(lambda: shop.attends("ben"), "access")


def test_a_refund_that_overtakes_its_payment_waits_for_it_and_both_are_told_in_order(shop: Shop) -> None:
    order_id = shop.order("cid")
    refunded, paid = shop.provider.refunded(order_id, PRICE, "EUR"), shop.provider.paid(order_id, PRICE, "EUR")

    assert [shop.one.delivers(refunded).status for _ in range(2)] == [200, 200]
    assert shop.status(order_id) == "created"
    assert [shop.replicas[1].delivers(paid).status for _ in range(2)] == [200, 200]

    until(lambda: shop.status(order_id) == "refunded", "the refund")
    assert not shop.attends("cid")
    found: dict[str, str] = {}

    def told() -> bool:
        for one in shop.deployment.events(1):
            if one.event.student_id == "cid":  # type: ignore[attr-defined] # as above
                found.setdefault(one.envelope.id, one.event.type)
        return len(found) == 2

    until(told, "both events")
    assert list(found.values()) == [PurchaseCreated.type, PurchaseRefunded.type]


def test_an_event_that_comes_before_its_order_is_acted_upon_once_the_order_is_there(shop: Shop) -> None:
    order_id = shop.order("dia")
    with shop.deployment.documents() as documents:
        order = documents["purchases"].find_one_and_delete({"_id": order_id})
        paid = shop.provider.paid(order_id, PRICE, "EUR")

        assert shop.one.delivers(paid).status == 200
        assert not shop.attends("dia")
        (event,) = documents["webhook_events"].find({"purchase_id": order_id})
        assert event["status"] == "received"
        documents["purchases"].insert_one(order)
        documents["webhook_events"].update_one({"_id": event["_id"]}, {"$set": {"due": utc_now()}})

    until(lambda: shop.attends("dia"), "access")
    assert shop.status(order_id) == "paid"


def test_what_the_allocation_worker_tells_is_on_the_students_screen(shop: Shop) -> None:
    shop.deployment.sign_in("eva")
    order_id = shop.order("eva")
    shop.one.pays(order_id)
    until(lambda: shop.attends("eva"), "access")

    shop.deployment.allocates(
        TrainerAllocated(
            allocation_id=allocation_id(DEFAULT_ORG, "eva", shop.course),
            student_id="eva",
            course_id=shop.course,
            purchase_ids=(order_id,),
            subject="math",
            language=LANGUAGE,
            trainer_id="tom",
            epoch=1,
            allocated_at=utc_now(),
        )
    )

    path = f"/v1/enrolments/{shop.course}"
    until(lambda: shop.one.ask("GET", path, who="eva").body.get("trainer_id") == "tom", "the trainer")
    assert shop.replicas[1].ask("GET", path, who="eva").body["trainer_id"] == "tom"


def test_what_was_acknowledged_before_a_kill_leaves_once_in_effect(deployment: CourseDeployment) -> None:
    """Killed amid work and, as Kafka is away until the next start, for certain between the write and the publish."""
    with serving(deployment, status="degraded", KAFKA_BOOTSTRAP=NOWHERE) as service:
        course = service.publishes("tea", "algebra")
        acknowledged = _killed_amid_sales(service, course)

    with serving(deployment), deployment.documents() as documents:
        until(lambda: acknowledged <= _paid(documents), "payments that were acknowledged to count")
        until(lambda: not documents["purchases"].count_documents({"outbox_due": {"$exists": True}}), "all to leave")
        paid = _paid(documents)
        found = deployment.events(len(paid))

    assert len(acknowledged) >= 12
    assert {one.event.purchase_id for one in found} == paid  # type: ignore[attr-defined] # as above
    assert len({one.envelope.id for one in found}) == len(paid), "a repeat repeats the id"


def _paid(documents: Any) -> set[str]:
    return {order["_id"] for order in documents["purchases"].find({"status": "paid"})}


def _killed_amid_sales(service: Running, course: str) -> set[str]:
    """Kill a service that four students buy from; returns the orders whose payment it acknowledged."""
    acknowledged, many = set[str](), threading.Event()

    def buy(who: str) -> None:
        while True:
            try:
                order_id = service.buys(who, course, new_id())
                service.pays(order_id)
            except httpx.TransportError:
                return
            acknowledged.add(order_id)
            if len(acknowledged) >= 12:
                many.set()

    crowd = [threading.Thread(target=buy, args=(who,)) for who in STUDENTS]
    for each in crowd:
        each.start()
    assert many.wait(30), service.log
    service.kill()
    for each in crowd:
        each.join()
    return acknowledged


def test_while_kafka_is_away_people_buy_and_events_follow_in_order(
    issuer: Issuer, tmp_path: Path, broker: Server
) -> None:
    deployment = deployed(issuer, tmp_path, bootstrap=broker.address)
    bought: list[float] = []
    stop = threading.Event()

    def buy_and_change_ones_mind(who: str) -> None:
        while not stop.is_set():
            order_id = service.buys(who, course, new_id())
            service.pays(order_id)
            assert service.delivers(deployment.provider.refunded(order_id, PRICE, "EUR")).status == 200
            bought.append(time.monotonic())
            stop.wait(0.02)

    with serving(deployment) as service, ThreadPoolExecutor(len(STUDENTS)) as crowd:
        course = service.publishes("tea", "algebra")
        buyers = [crowd.submit(buy_and_change_ones_mind, who) for who in STUDENTS]
        try:
            until(lambda: len(bought) > 5, "the first sales")
            broker.freeze()
            away = time.monotonic()
            until(lambda: bought[-1] > away + AWAY_S, "sales without Kafka")
            back = time.monotonic()
            broker.thaw()
            until(lambda: bought[-1] > back, "sales afterwards")
        finally:
            stop.set()
        for buyer in buyers:
            buyer.result()
        found = deployment.events(2 * len(bought))

    during = [at for at in bought if away < at < back]
    assert len(during) > 10, "requests went on"
    gaps = [later - earlier for earlier, later in itertools.pairwise(during)]
    assert max(gaps) < 2, "nobody waited for Kafka"
    first_copies = {one.envelope.id: one for one in found}
    told: defaultdict[str, list[str]] = defaultdict(list)
    for one in first_copies.values():
        told[one.event.purchase_id].append(one.event.type)  # type: ignore[attr-defined] # as above
    assert len(told) == len(bought)
    assert set(map(tuple, told.values())) == {(PurchaseCreated.type, PurchaseRefunded.type)}


def test_a_topic_that_is_missing_ends_the_program_with_one_line(
    deployment: CourseDeployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in deployment.environment(KAFKA_GROUP="nobody", PORT="0", LOG_LEVEL="ERROR").items():
        monkeypatch.setenv(name, value)
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)

    assert main(["run"]) == 2

    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"course-service: missing topic {deployment.prefix}allocations.nobody.replay, ")
