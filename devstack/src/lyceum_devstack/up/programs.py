"""What the stack runs: the allocation worker, and the services of `SERVICES`, each on a port of its own."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from fastapi import FastAPI
from pydantic import SecretStr

import auth_service.storage
import auth_service.topics
from allocation_worker import storage, topics
from allocation_worker.main import initialize
from allocation_worker.program import AllocationWorker
from allocation_worker.settings import WorkerSettings
from auth_service.bootstrap import build as build_auth_service
from auth_service.keys.rotation import ensure_development_key
from auth_service.settings import AuthSettings
from keylane import TopicSpec, ensure_topics
from lyceum_database import utc_now
from lyceum_devstack.up.surroundings import Surroundings
from lyceum_web.settings import WebSettings


@dataclass(frozen=True, slots=True)
class Service:
    """A program that answers HTTP.

    Attributes:
        name: of the program.
        build: the application, as the program itself builds it.
        create: what has to be in the database first: indexes, and what the first request needs.
        topics: that it writes.
    """

    name: str
    build: Callable[[Surroundings, WebSettings], FastAPI]
    create: Callable[[], None]
    topics: Callable[[], list[TopicSpec]]


def worker(around: Surroundings) -> AllocationWorker:
    """Build the allocation worker, which connects the whole stack to the database.

    Raises:
        StartRefused: a model is missing or unfit, or the address of MongoDB cannot be used.
    """
    return initialize(_worker_settings(around), client_class=around.client_class)


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
        wanted = [*topics.specs(_worker_settings(around)), *(one for service in SERVICES for one in service.topics())]
        await ensure_topics(around.kafka, wanted)


def web_settings(host: str, port: int) -> WebSettings:
    """Return what a service of the stack is told, whatever the environment says to programs that run alone."""
    return WebSettings(
        environment="development", host=host, port=port, cursor_key=SecretStr(secrets.token_hex(32)), metrics_port=None
    )


def _worker_settings(around: Surroundings) -> WorkerSettings:
    return WorkerSettings(mongo=around.mongo, kafka=around.kafka)


def _auth_service(around: Surroundings, web: WebSettings) -> FastAPI:
    keys = around.folder / "keys"
    ensure_development_key(keys, now=utc_now())
    settings = AuthSettings(web=web, mongo=around.mongo, kafka=around.kafka, keys_directory=keys)
    return build_auth_service(settings, client_class=around.client_class)


def _create_for_auth_service() -> None:
    auth_service.storage.create()
    auth_service.storage.ensure_contents()


SERVICES = (
    Service("auth-service", _auth_service, _create_for_auth_service, lambda: [auth_service.topics.written_topic("")]),
)
