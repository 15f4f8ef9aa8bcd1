"""What the stack runs: the allocation worker, and the services of `SERVICES`, each on a port of its own."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from fastapi import FastAPI
from pydantic import SecretStr

import auth_service.storage
import auth_service.topics
import chat_service.storage
import chat_service.topics
import course_service.storage
import course_service.topics
from allocation_worker import storage, topics
from allocation_worker.handlers import BeforeAttempt
from allocation_worker.main import initialize
from allocation_worker.program import AllocationWorker
from allocation_worker.settings import WorkerSettings
from auth_service.bootstrap import build as build_auth_service
from auth_service.keys import KeyDirectory
from auth_service.keys.rotation import ensure_development_key
from auth_service.settings import AuthSettings
from auth_service.throttling import Limits
from chat_service.bootstrap import build as build_chat_service
from chat_service.rates import Rates
from chat_service.settings import ChatSettings
from course_service.bootstrap import build as build_course_service
from course_service.payments.settings import PaymentSettings
from course_service.settings import CourseSettings
from keylane import RetryPolicy, TopicSpec, ensure_topics
from lyceum_contracts import ALLOCATION_WORKER, CHAT_SERVICE, COURSE_SERVICE
from lyceum_database import utc_now
from lyceum_devstack.up.surroundings import Surroundings
from lyceum_web.security import TokenSettings
from lyceum_web.settings import WebSettings

UNASKED = "http://127.0.0.1/.well-known/jwks.json"
"""Instead of asking for the keys of tokens, the services of this process read the files that they come from."""
GROUPS = (ALLOCATION_WORKER, COURSE_SERVICE, CHAT_SERVICE)
"""The consumer groups of the stack."""
KEYS = "keys"
"""Where in the folder of the stack the signing keys are."""
SWEEP_EVERY = timedelta(seconds=5)
"""A person is waiting, not a night."""
LIMITS = Limits.of(account="300/15 minutes", address="10000/minute", sign_up="10000/minute", token="10000/minute")  # noqa: S106 - a rate
"""Everybody who uses this stack comes from one address, and a demonstration signs the same trainers in again."""
RATES = Rates.of(sending="600/minute", conversation="600/minute", reading="6000/minute", search="600/minute")
"""A trainer in a demonstration answers faster than people do."""


@dataclass(frozen=True, slots=True)
class Service:
    """A program that answers HTTP.

    Attributes:
        name: of the program.
        build: the application, as the program itself builds it.
        create: what has to be in the database first: indexes, and what the first request needs.
        topics: that it reads and writes.
    """

    name: str
    build: Callable[[Surroundings, WebSettings], FastAPI]
    create: Callable[[], None]
    topics: Callable[[Surroundings], list[TopicSpec]]


def worker(
    around: Surroundings, *, before_attempt: BeforeAttempt | None = None, retry: RetryPolicy | None = None
) -> AllocationWorker:
    """Build the allocation worker, which connects the whole stack to the database.

    Args:
        around: where it works.
        before_attempt: called before each run of a handler; what it raises fails that run.
        retry: attempts and pauses; the worker's own by default.

    Raises:
        StartRefused: a model is missing or unfit, or the address of MongoDB cannot be used.
    """
    settings = _worker_settings(around)
    return initialize(settings, before_attempt=before_attempt, retry=retry, client_class=around.client_class)


async def deploy(around: Surroundings) -> None:
    """Run the deploy steps of all programs: indexes, topics, and what the first request needs.

    Raises:
        Unavailable: MongoDB does not answer.
        IndexesDiffer: an index is there with other options.
        BrokerUnavailableError: Kafka does not answer.
    """
    for create in (storage.create, *(service.create for service in SERVICES)):
        await asyncio.to_thread(create)
    if not around.embedded_kafka:
        await ensure_topics(around.kafka, wanted_topics(around))


def wanted_topics(around: Surroundings) -> list[TopicSpec]:
    """Return every topic that the programs read or write, by the names they have here."""
    named = {spec.name: spec for service in SERVICES for spec in service.topics(around)}
    return list(({spec.name: spec for spec in topics.specs(_worker_settings(around))} | named).values())


def web_settings(host: str, port: int) -> WebSettings:
    """Return what a service of the stack is told, whatever the environment says to programs that run alone."""
    return WebSettings(
        environment="development", host=host, port=port, cursor_key=SecretStr(secrets.token_hex(32)), metrics_port=None
    )


def _worker_settings(around: Surroundings) -> WorkerSettings:
    return WorkerSettings(
        mongo=around.mongo,
        kafka=around.kafka,
        group=around.group(ALLOCATION_WORKER),
        topic_prefix=around.topic_prefix,
        sweep_interval=SWEEP_EVERY,
    )


def _auth_service(around: Surroundings, web: WebSettings) -> FastAPI:
    keys = around.folder / KEYS
    ensure_development_key(keys, now=utc_now())
    settings = AuthSettings(
        web=web,
        mongo=around.mongo,
        kafka=around.kafka,
        topic_prefix=around.topic_prefix,
        keys_directory=keys,
        limits=LIMITS,
        hash_cost=around.hash_cost,
    )
    return build_auth_service(settings, client_class=around.client_class)


def _course_service(around: Surroundings, web: WebSettings) -> FastAPI:
    settings = CourseSettings(
        web=web,
        mongo=around.mongo,
        kafka=around.kafka,
        tokens=TokenSettings(keys_url=UNASKED),
        payments=_payments(around),
        group=around.group(COURSE_SERVICE),
        topic_prefix=around.topic_prefix,
        sweep_interval=SWEEP_EVERY,
    )
    return build_course_service(settings, client_class=around.client_class, keys=_published_keys(around))


def _chat_service(around: Surroundings, web: WebSettings) -> FastAPI:
    settings = ChatSettings(
        web=web,
        mongo=around.mongo,
        kafka=around.kafka,
        tokens=TokenSettings(keys_url=UNASKED),
        group=around.group(CHAT_SERVICE),
        topic_prefix=around.topic_prefix,
        rates=RATES,
    )
    return build_chat_service(settings, client_class=around.client_class, keys=_published_keys(around))


def _payments(around: Surroundings) -> PaymentSettings:
    return PaymentSettings(
        payment_provider="fake",
        payment_fake_secret=around.payment_secret,
        stripe_api_key=None,
        stripe_webhook_secrets=None,
    )


def _published_keys(around: Surroundings) -> KeyDirectory:
    keys = KeyDirectory(around.folder / KEYS)
    keys.load()
    return keys


def _create_for_auth_service() -> None:
    auth_service.storage.create()
    auth_service.storage.ensure_contents()


SERVICES = (
    Service(
        "auth-service",
        _auth_service,
        _create_for_auth_service,
        lambda around: [auth_service.topics.written_topic(around.topic_prefix)],
    ),
    Service(
        "course-service",
        _course_service,
        course_service.storage.create,
        lambda around: course_service.topics.specs(around.topic_prefix, around.group(COURSE_SERVICE)),
    ),
    Service(
        "chat-service",
        _chat_service,
        chat_service.storage.create,
        lambda around: chat_service.topics.specs(around.topic_prefix, around.group(CHAT_SERVICE)),
    ),
)
