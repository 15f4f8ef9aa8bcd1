"""The program as its composition root builds it, on an embedded database and with Kafka away."""

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr

from course_service import storage
from course_service.bootstrap import build
from course_service.payments.fake_provider import FakeProvider
from course_service.payments.settings import PaymentSettings
from course_service.settings import CourseSettings
from keylane import KafkaSettings
from lyceum_database import close, new_id
from lyceum_database.embedded import EmbeddedMongoClient, embedded_settings
from lyceum_web.security import TokenSettings
from lyceum_web.settings import WebSettings
from lyceum_web.testing import Callers

README = Path(__file__).parents[2] / "README.md"
OWN = (
    *("MONGODB_", "KAFKA_", "AUTH_", "COURSE_", "INBOX_", "PAYMENT_", "STRIPE_", "ENVIRONMENT", "CURSOR_KEY"),
    *("PORT", "HOST", "LOG_LEVEL"),
)
SECRET = SecretStr("for development only")
PERMISSIONS = {
    "boss": (
        *("courses:read", "courses:write", "courses:publish", "courses:manage"),
        *("purchases:create", "purchases:read", "purchases:manage", "enrolments:read"),
    ),
    "ana": ("courses:read", "purchases:create", "purchases:read", "enrolments:read"),
}
COURSE = {
    "slug": "algebra",
    "title": "Algebra",
    "subject": "math",
    "languages": ["en"],
    "price_minor": 4900,
    "sections": [{"title": "First", "lessons": [{"title": "Numbers", "kind": "text", "body": "One, two."}]}],
}


@pytest.fixture(scope="session")
def settings() -> CourseSettings:
    return CourseSettings(
        web=WebSettings(environment="development"),
        mongo=embedded_settings("courses"),
        kafka=KafkaSettings(bootstrap_servers="127.0.0.1:1"),
        tokens=TokenSettings(keys_url="http://127.0.0.1:1/.well-known/jwks.json"),
        payments=PaymentSettings(payment_provider="fake", payment_fake_secret=SECRET),
    )


@dataclass
class School:
    """The program, not yet running, and people who are signed in to it."""

    application: FastAPI
    callers: Callers

    def __post_init__(self) -> None:
        self.application.state.security = self.callers.security
        self._headers = {name: self.callers.headers(name, permissions=allowed) for name, allowed in PERMISSIONS.items()}
        self._provider = FakeProvider(SECRET)

    def headers(self, name: str) -> dict[str, str]:
        """Return the headers of somebody's requests; none for a stranger."""
        return dict(self._headers.get(name, {}))

    def stock(self, client: httpx.Client) -> dict[str, str]:
        """Publish a course that ana buys; returns the ids of what is there, by the names of path parameters."""
        boss, key = self.headers("boss"), {"Idempotency-Key": new_id()}
        course_id = str(client.post("/v1/courses", json=COURSE, headers=boss | key).json()["id"])
        published = client.post(f"/v1/courses/{course_id}/publication", headers=boss | {"If-Match": "*"})
        assert published.status_code == 200, published.text
        order = client.post(f"/v1/courses/{course_id}/purchases", json={}, headers=self.headers("ana") | key).json()
        purchase_id = str(order["purchase"]["id"])
        paid = self._provider.paid(purchase_id, 4900, "EUR")
        assert client.post("/v1/payment-webhooks/fake", content=paid.body, headers=dict(paid.headers)).is_success
        return {"course_id": course_id, "purchase_id": purchase_id, "number": "1", "provider": "fake"}


@pytest.fixture(scope="module")
def school(settings: CourseSettings) -> Iterator[School]:
    application = build(settings, client_class=EmbeddedMongoClient)
    storage.create()
    yield School(application, Callers())
    close()


@pytest.fixture
def own_environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """An environment that says nothing to this program yet, and logging as it was afterwards."""
    for name in [name for name in os.environ if name.startswith(OWN)]:  # noqa: TID251 - what the program reads
        monkeypatch.delenv(name)
    root: Any = logging.getLogger()
    former = root.handlers[:], root.level
    yield monkeypatch
    root.handlers[:], level = former
    root.setLevel(level)
