"""Students who sign up, buy, pay and talk at the same time, and the book of what they were told."""

import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pydantic import SecretStr
from tests.wire.signing_in import PASSWORD

from course_service.payments.fake_provider import Delivery, FakeProvider

from .caller import Caller, Counts
from .plan import Click, Visit
from .school import School
from .site import FAKE_SECRET, Fleet

BUYERS, TALKERS = 6, 2
CONVERSATION_WITHIN_S = 60.0
LOOK_AGAIN_S = 0.3
REFUND_WITHIN_S = 60.0
CONFLICT = 409
GREETING = "Good morning"


@dataclass(frozen=True, slots=True)
class Order:
    """An order that the shop confirmed."""

    purchase_id: str
    student_id: str
    course_id: str
    key: str
    given_back: bool


@dataclass(frozen=True, slots=True)
class Said:
    """A message that the chat confirmed."""

    conversation_id: str
    student_id: str
    client_id: str
    seq: int


class Customer(NamedTuple):
    """Attributes:
    keeps: courses of which not every purchase is given back.
    """

    student_id: str
    keeps: frozenset[str]


@dataclass
class Book:
    """What the crowd was told; any thread writes in it.

    Attributes:
        tokens: access tokens of the students, by user id.
        counts: what went wrong on the way, and was tried again.
    """

    orders: list[Order] = field(default_factory=list)
    said: list[Said] = field(default_factory=list)
    tokens: dict[str, str] = field(default_factory=dict)
    counts: Counts = field(default_factory=Counts)


class Crowd:
    """All visits, a few at a time.

    Args:
        fleet: the programs.
        school: who teaches what.
        plan: the visits.
    """

    def __init__(self, fleet: Fleet, school: School, plan: Sequence[Visit]) -> None:
        self.book = Book()
        self._fleet = fleet
        self._school = school
        self._courses = list(school.courses)
        self._plan: queue.SimpleQueue[Visit] = queue.SimpleQueue()
        self._bought: queue.SimpleQueue[Customer | None] = queue.SimpleQueue()
        self._provider = FakeProvider(SecretStr(FAKE_SECRET))
        self._failed = threading.Event()
        for visit in plan:
            self._plan.put(visit)

    def run(self) -> None:
        """Return when everybody has left; raise what went wrong first."""
        with ThreadPoolExecutor(BUYERS + TALKERS) as threads:
            talking = [threads.submit(self._watched, self._talk, number) for number in range(TALKERS)]
            buying = [threads.submit(self._watched, self._buy, number) for number in range(BUYERS)]
            _all_done(buying)
            for _ in talking:
                self._bought.put(None)
            _all_done(talking)

    def _watched(self, work: Any, number: int) -> None:
        try:
            work(number)
        except BaseException:
            self._failed.set()
            self._bought.put(None)
            raise

    def _buy(self, number: int) -> None:
        with closing(_Buyer(self._fleet, self.book, self._school, self._provider, number)) as buyer:
            while not self._failed.is_set():
                try:
                    visit = self._plan.get_nowait()
                except queue.Empty:
                    return
                self._bought.put(buyer.visit(visit, self._courses))

    def _talk(self, number: int) -> None:
        with closing(Caller(self._fleet.addresses("chat_service"), first=number, counts=self.book.counts)) as chat:
            while (customer := self._bought.get()) is not None and not self._failed.is_set():
                greet(chat, self.book, customer)


class _Buyer:
    """Takes one student after the other through the shop; half of these begin at the other replica."""

    def __init__(self, fleet: Fleet, book: Book, school: School, provider: FakeProvider, number: int) -> None:
        self._book, self._school, self._provider = book, school, provider
        self._auth = Caller(fleet.addresses("auth_service"), first=number, counts=book.counts)
        self._shop = Caller(fleet.addresses("course_service"), first=number, counts=book.counts)
        self._bank = Caller(fleet.addresses("course_service"), first=number + 1, counts=book.counts)

    def close(self) -> None:
        for caller in (self._auth, self._shop, self._bank):
            caller.close()

    def visit(self, visit: Visit, courses: Sequence[str]) -> Customer:
        """Sign up, sign in, buy everything, give back what is to be given back."""
        joining = {"email": visit.email, "password": PASSWORD, "name": f"Student {visit.number}"}
        self._auth.ask("POST", "/v1/signup", joining, expect=(202,))
        signed_in = self._auth.ask("POST", "/v1/login", {"email": visit.email, "password": PASSWORD})
        token: str = signed_in.body["access_token"]
        orders = [self._buy(click, courses[click.course], token) for click in visit.clicks]
        self._book.tokens[orders[0].student_id] = token
        for order in orders:
            if order.given_back:
                self._give_back(order)
        return Customer(orders[0].student_id, frozenset(order.course_id for order in orders if not order.given_back))

    def _buy(self, click: Click, course_id: str, token: str) -> Order:
        """Order and pay; the bank tells of it as often as it takes, and sometimes once more."""
        path, key = f"/v1/courses/{course_id}/purchases", {"Idempotency-Key": click.key}
        made = self._shop.ask("POST", path, {}, token=token, headers=key, expect=(201,)).body["purchase"]
        if click.sent_twice:
            again = self._bank.ask("POST", path, {}, token=token, headers=key, expect=(201,)).body["purchase"]
            assert again["id"] == made["id"], f"{click} made two orders: {made['id']} and {again['id']}"
        order = Order(made["id"], made["student_id"], course_id, click.key, click.given_back)
        self._book.orders.append(order)
        paid = self._provider.paid(order.purchase_id, made["amount_minor"], made["currency"])
        self._deliver(self._bank, paid)
        if click.told_twice:
            self._deliver(self._shop, paid)
        return order

    def _deliver(self, by: Caller, told: Delivery) -> None:
        by.ask("POST", "/v1/payment-webhooks/fake", told.body, headers=told.headers)

    def _give_back(self, order: Order) -> None:
        """Refund it, once the payment has reached it."""
        ends = time.monotonic() + REFUND_WITHIN_S
        path, key = f"/v1/purchases/{order.purchase_id}/refunds", {"Idempotency-Key": f"back-{order.key}"}
        wish = {"reason": "changed plans"}
        while True:
            answer = self._shop.ask("POST", path, wish, token=self._school.admin, headers=key, expect=(201, CONFLICT))
            if answer.status != CONFLICT:
                return
            assert time.monotonic() < ends, f"{order} was paid and cannot be given back: {answer.body}"
            time.sleep(LOOK_AGAIN_S)


def greet(chat: Caller, book: Book, customer: Customer) -> None:
    """Wait for the first conversation about a course that the student keeps, and write in it."""
    ends, token = time.monotonic() + CONVERSATION_WITHIN_S, book.tokens[customer.student_id]
    while True:
        shown = chat.ask("GET", "/v1/conversations?limit=100", token=token).body["items"]
        if open_ones := [one["id"] for one in shown if one["course_id"] in customer.keeps]:
            break
        assert time.monotonic() < ends, f"{customer} has no conversation after {CONVERSATION_WITHIN_S:.0f} s"
        time.sleep(LOOK_AGAIN_S)
    path, client_id = f"/v1/conversations/{open_ones[0]}/messages", f"hello-{customer.student_id}"
    sent = chat.ask("POST", path, {"client_id": client_id, "body": GREETING}, token=token, expect=(200, 201)).body
    book.said.append(Said(open_ones[0], customer.student_id, client_id, sent["seq"]))


def _all_done(futures: Sequence[Future[None]]) -> None:
    for future in futures:
        future.result()
