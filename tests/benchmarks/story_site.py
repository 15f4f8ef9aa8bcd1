"""The platform as its programs serve it, with courses, trainers and students, for benchmarks."""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr
from tests.wire.signing_in import PASSWORD
from tests.wire.story.caller import Caller
from tests.wire.story.school import Founding, Hired, Offered
from tests.wire.story.site import FAKE_SECRET, ROLES

from course_service.payments.fake_provider import FakeProvider
from lyceum_database import close
from lyceum_web.testing.server import served

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.wire.story.school import School
    from tests.wire.story.site import Fleet, Site

SUBJECTS, COURSES, STUDENTS = 10, 40, 40
CLIENTS = 8
WITHIN_S = 120.0
LOOK_EVERY_S = 0.02
PRODUCTION = {
    "KAFKA_SESSION_TIMEOUT_SECONDS": "30",
    "KAFKA_HEARTBEAT_INTERVAL_SECONDS": "3",
    "INBOX_LEASE_SECONDS": "30",
    "SWEEP_INTERVAL_SECONDS": "30",
    "RECONCILE_INTERVAL_SECONDS": "60",
    "COURSE_SWEEP_SECONDS": "10",
    "COURSE_OUTBOX_LEASE_SECONDS": "30",
    "CHAT_OUTBOX_LEASE_SECONDS": "30",
    "AUTH_OUTBOX_LEASE_SECONDS": "30",
    "LOG_LEVEL": "INFO",
}
"""The defaults, where tests choose shorter ones."""

STAFF = tuple(Hired(f"trainer-{number}", (f"subject-{number}",), 1000) for number in range(SUBJECTS))
OFFER = tuple(Offered(f"Course number {number}", f"subject-{number % SUBJECTS}") for number in range(COURSES))


@dataclass(frozen=True)
class Place:
    """What a benchmark works at.

    Attributes:
        tokens: access tokens of the students, by user id.
    """

    site: Site
    fleet: Fleet
    school: School
    tokens: dict[str, str]
    provider: FakeProvider

    @property
    def courses(self) -> list[str]:
        return list(self.school.courses)

    def caller(self, program: str) -> closing[Caller]:
        return closing(Caller(self.fleet.addresses(program)))

    @property
    def students(self) -> list[str]:
        return list(self.tokens)

    def pair(self, number: int) -> tuple[str, str]:
        """Token and course of the purchase of this number; no student buys a course twice."""
        return self.tokens[self.students[number % STUDENTS]], self.courses[number // STUDENTS % COURSES]

    def ordered(self, shop: Caller, number: int) -> dict[str, Any]:
        """Order a course; returns the order."""
        token, course_id = self.pair(number)
        path, key = f"/v1/courses/{course_id}/purchases", {"Idempotency-Key": f"mark-{number}"}
        order: dict[str, Any] = shop.ask("POST", path, {}, token=token, headers=key, expect=(201,)).body["purchase"]
        return order

    def paid(self, shop: Caller, order: dict[str, Any]) -> None:
        told = self.provider.paid(order["id"], order["amount_minor"], order["currency"])
        shop.ask("POST", "/v1/payment-webhooks/fake", told.body, headers=told.headers)


def opened(site: Site, fleet: Fleet) -> Place:
    """Set everything up through the programs' doors."""
    with closing(Founding(site, fleet)) as founding:
        school = founding.found(STAFF, OFFER)
    with closing(Caller(fleet.addresses("auth_service"))) as auth:
        tokens = dict(_joined(auth, f"student-{number}@example.org") for number in range(STUDENTS))
    return Place(site, fleet, school, tokens, FakeProvider(SecretStr(FAKE_SECRET)))


def _joined(auth: Caller, email: str) -> tuple[str, str]:
    """Returns user id and access token."""
    auth.ask("POST", "/v1/signup", {"email": email, "password": PASSWORD, "name": "Student"}, expect=(202,))
    token: str = auth.ask("POST", "/v1/login", {"email": email, "password": PASSWORD}).body["access_token"]
    return auth.ask("GET", "/v1/me", token=token).body["id"], token


@contextmanager
def in_process(place: Place, program: str) -> Iterator[Caller]:
    """The program in this process, so that its commands can be recorded; the others of its kind are away meanwhile."""
    others = place.fleet.programs[program]
    for one in others:
        one.ask_to_stop()
        one.until_ended()
    role = next(role for role in ROLES if role.name == program)
    settings = place.site.settings_of(role, PORT="0")
    try:
        with served(role.package.bootstrap.build(settings)) as address:
            host, _, port = address.removeprefix("http://").partition(":")
            with closing(Caller([(host, int(port))])) as caller:
                yield caller
    finally:
        close()
        for one in others:
            one.start()
        until(lambda: all(one.is_ready() for one in others), f"{program} to be ready again")


def copied(site: Site, name: str) -> Site:
    """A database with the same indexes and documents, of its own."""
    other = replace(site, name=name)
    other.deploy()
    with site.documents() as source, other.documents() as target:
        for collection in source.list_collection_names():
            target[collection].delete_many({})
            if documents := list(source[collection].find()):
                target[collection].insert_many(documents)
    return other


def in_parallel(place: Place, program: str, numbers: range, work: Callable[[Caller, int], None]) -> None:
    """Do the work for all numbers, from as many clients as there are."""
    turn, left = threading.Lock(), iter(numbers)

    def client(_: int) -> None:
        with place.caller(program) as caller:
            while True:
                with turn:
                    number = next(left, None)
                if number is None:
                    return
                work(caller, number)

    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(client, range(CLIENTS)))


def until(condition: Callable[[], bool], what: str) -> None:
    ends = time.monotonic() + WITHIN_S
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(f"waited {WITHIN_S:.0f} s in vain for {what}")
        time.sleep(LOOK_EVERY_S)


def settled(site: Site, *fields: tuple[str, str]) -> bool:
    """Whether no document has something to be done in these fields."""
    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for collection, name in fields:
        wanted[collection].append(name)
    with site.documents() as database:
        return not any(
            database[collection].count_documents({name: {"$exists": True}})
            for collection, names in wanted.items()
            for name in names
        )
