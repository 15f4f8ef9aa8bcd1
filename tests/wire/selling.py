"""The course service as programs of its own on real servers, people who are signed in, and a payment provider."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pymongo import MongoClient

from course_service import main as course_service
from course_service.payments.fake_provider import Delivery, FakeProvider
from course_service.payments.settings import PaymentSettings
from course_service.settings import CourseSettings
from keylane import KafkaSettings
from lyceum_contracts import ALLOCATIONS, PURCHASES, Decoded, Envelope, Event, Record, decode, encode
from lyceum_database import MongoSettings, close, new_id, utc_now
from lyceum_web.security import TokenSettings
from lyceum_web.settings import WebSettings

from . import log
from .deployment import until
from .issuing import Issuer, sign_in
from .replica import Answer, Replica, started

NOWHERE = "127.0.0.1:1"
SECRET = "whsec_of_a_provider_that_moves_no_money"  # noqa: S105 - of nobody
PRICE = 4900
STUDENT = ("courses:read", "purchases:create", "purchases:read", "enrolments:read")
TEACHER = ("courses:read", "courses:write", "courses:publish", "courses:manage", "purchases:read", "purchases:manage")
LANGUAGE = "en"


@dataclass(frozen=True)
class CourseDeployment:
    """Names and addresses of one deployment."""

    bootstrap: str
    uri: str
    name: str
    folder: Path
    issuer: Issuer
    provider: FakeProvider = field(default_factory=lambda: FakeProvider(SecretStr(SECRET)))

    @property
    def prefix(self) -> str:
        return f"{self.name}."

    @property
    def group(self) -> str:
        return f"{self.prefix}course-service"

    @property
    def settings(self) -> CourseSettings:
        return CourseSettings(
            web=WebSettings(environment="development"),
            mongo=MongoSettings(uri=self.uri, database=self.name),
            kafka=KafkaSettings(bootstrap_servers=self.bootstrap),
            tokens=TokenSettings(keys_url=self.issuer.url),
            payments=PaymentSettings(),
            group=self.group,
            topic_prefix=self.prefix,
        )

    def environment(self, **others: str) -> dict[str, str]:
        return dict(os.environ) | {  # noqa: TID251 - a child needs this process's environment and more
            "ENVIRONMENT": "development",
            "HOST": "127.0.0.1",
            "KAFKA_BOOTSTRAP": self.bootstrap,
            "KAFKA_TOPIC_PREFIX": self.prefix,
            "KAFKA_GROUP": self.group,
            "KAFKA_SESSION_TIMEOUT_SECONDS": "6",
            "KAFKA_HEARTBEAT_INTERVAL_SECONDS": "1",
            "INBOX_LEASE_SECONDS": "3",
            "MONGODB_URI": self.uri,
            "MONGODB_DATABASE": self.name,
            "AUTH_KEYS_URL": self.issuer.url,
            "PAYMENT_PROVIDER": "fake",
            "PAYMENT_FAKE_SECRET": SECRET,
            "COURSE_OUTBOX_LEASE_SECONDS": "2",
            "COURSE_SWEEP_SECONDS": "1",
            **others,
        }

    def deploy(self, *steps: str) -> None:
        try:
            for step in steps or ("indexes", "topics"):
                asyncio.run(course_service.deploy(step, self.settings))
        finally:
            close()

    def sign_in(self, *people: str, permissions: tuple[str, ...] = STUDENT) -> None:
        """Store people as the auth service does, each with one session."""
        sign_in(self.settings.mongo, *people, permissions=permissions)

    @contextmanager
    def documents(self) -> Iterator[Any]:
        """The database, past all models."""
        with MongoClient[Any](self.uri, timeoutMS=20_000, tz_aware=True) as client:
            yield client[self.name]

    def events(self, count: int) -> list[Decoded]:
        """Wait until `purchases` holds so many different events, and read all that it holds."""
        found: list[Decoded] = []

        def read() -> bool:
            records = log.read(self.bootstrap, self.prefix + PURCHASES.name)
            found[:] = [decode(record.value, record.headers) for record in records]
            return len({one.envelope.id for one in found}) >= count

        until(read, f"{count} events on {PURCHASES.name}")
        return found

    def allocates(self, *events: Event) -> None:
        """Publish what the allocation worker tells."""
        records = [encode(event, Envelope(id=new_id(), source="/tests", time=utc_now())) for event in events]
        topic = self.prefix + ALLOCATIONS.name
        log.publish(self.bootstrap, [Record(topic, one.key, one.value, one.headers) for one in records])


class Running:
    """One process of the service, and what people do there."""

    def __init__(self, replica: Replica, provider: FakeProvider) -> None:
        self.replica = replica
        self._provider = provider
        self.client, self.process = replica.client, replica.process
        self.ask, self.until, self.kill = replica.ask, replica.until, replica.kill

    @property
    def log(self) -> str:
        return self.replica.log

    def buys(self, who: str, course: str, key: str) -> str:
        answer = self.ask("POST", f"/v1/courses/{course}/purchases", {}, who=who, Idempotency_Key=key)
        assert answer.status == 201, answer
        return str(answer.body["purchase"]["id"])

    def delivers(self, delivery: Delivery) -> Answer:
        answer = self.client.post("/v1/payment-webhooks/fake", content=delivery.body, headers=dict(delivery.headers))
        return Answer(answer.status_code, answer.json())

    def pays(self, order_id: str) -> None:
        assert self.delivers(self._provider.paid(order_id, PRICE, "EUR")).status == 200

    def publishes(self, who: str, slug: str) -> str:
        """Write a course and publish it; returns its id."""
        lesson = {"title": "Numbers", "kind": "text", "body": "One, two."}
        body = {
            "slug": slug,
            "title": slug.title(),
            "subject": "math",
            "languages": [LANGUAGE],
            "price_minor": PRICE,
            "sections": [{"title": "First", "lessons": [lesson]}],
        }
        made = self.ask("POST", "/v1/courses", body, who=who, Idempotency_Key=new_id())
        assert made.status == 201, made
        course_id = str(made.body["id"])
        published = self.ask("POST", f"/v1/courses/{course_id}/publication", who=who, If_Match="*")
        assert published.status == 200, published
        return course_id


@contextmanager
def serving(deployment: CourseDeployment, *, status: str = "ready", **others: str) -> Iterator[Running]:
    """Run the service until the end of the block, from when it is ready on."""
    with begun(deployment, **others) as running:
        running.until(status)
        yield running


@contextmanager
def begun(deployment: CourseDeployment, **others: str) -> Iterator[Running]:
    """Run the service until the end of the block, from its first moment on."""
    environment = deployment.environment(**others)
    with started("course_service", environment, deployment.issuer, deployment.folder) as replica:
        yield Running(replica, deployment.provider)
