"""The composition root: the only place that connects and builds. Everything is built once."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from pymongo import MongoClient

from course_service import authoring, selling, storage
from course_service.authoring import build_authoring
from course_service.problems import CODES, ERRORS
from course_service.selling import build_selling
from course_service.settings import NAME, CourseSettings
from course_service.topics import read_topic
from keylane import Handler, Worker
from keylane.metrics import EveryCollector, RelayCollector
from keylane.mongo import MongoInbox, OutboxRelay
from lyceum_database import OUTAGES, Clock, DatabaseError, connect, utc_now
from lyceum_program.errors import StartRefused
from lyceum_web.application import create_application
from lyceum_web.lifespan import State
from lyceum_web.provided import SERVICES
from lyceum_web.security import KeySource
from lyceum_web.startup import check_models


def build(
    settings: CourseSettings,
    *,
    client_class: type[Any] = MongoClient,
    keys: KeySource | None = None,
    clock: Clock = utc_now,
) -> FastAPI:
    """Check the models, connect, and build one of everything.

    Args:
        settings: of the program.
        client_class: the MongoDB client; the embedded one for tests and demonstrations.
        keys: by which tokens are verified, instead of those that the auth service publishes.
        clock: tells the time.

    Raises:
        StartRefused: a model is missing or unfit, or settings cannot work.
        ConfigurationError: the runtime of the listener cannot work as configured.
    """
    check_models()
    settings.payments.check(development=settings.web.development)
    security = settings.tokens.security(keys, clock=clock)
    try:
        connect(settings.mongo, client_class=client_class)
    except DatabaseError as exc:
        raise StartRefused(str(exc)) from exc
    courses = build_authoring(search=settings.search, clock=clock)
    sales = build_selling(settings.payments, courses.offers, sweep_interval=settings.sweep_interval, clock=clock)
    relays = _relays(settings)
    return create_application(
        title="Lyceum course service",
        version=version(NAME),
        settings=settings.web,
        routers=(*authoring.ROUTERS, *selling.ROUTERS),
        models=storage.MODELS,
        security=security,
        state=_state({**courses.services, **sales.services}),
        errors=ERRORS,
        codes=CODES,
        background=(*sales.sweepers, *relays),
        consumers=[_worker(settings, sales.handlers)],
        collectors=[RelayCollector(*relays), EveryCollector(*sales.sweepers), sales.figures],
        prepare=courses.search.verify_index,
    )


def _relays(settings: CourseSettings) -> list[OutboxRelay]:
    return [
        OutboxRelay(collection, settings.kafka, topic_prefix=settings.topic_prefix, lease=settings.outbox_lease)
        for collection in storage.outbox_collections()
    ]


def _worker(settings: CourseSettings, handlers: Mapping[str, Handler]) -> Worker:
    return Worker(
        settings.group,
        [read_topic(settings.topic_prefix)],
        handlers,
        inbox=MongoInbox(storage.inbox_collection()),
        concurrency=settings.concurrency,
        settings=settings.kafka,
        lease=settings.inbox_lease,
        outages=OUTAGES,
        app_version=version(NAME),
    )


def _state(services: Mapping[type, Any]) -> State:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Mapping[str, Any]]:
        yield {SERVICES: services}

    return opened
