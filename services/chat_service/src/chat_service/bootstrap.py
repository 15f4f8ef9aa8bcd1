"""The composition root: the only place that connects and builds. Everything is built once."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from pymongo import MongoClient

from chat_service import storage
from chat_service.figures import WaitFigures
from chat_service.problems import CODES, ERRORS
from chat_service.routes import ROUTERS
from chat_service.services import Built, build_services
from chat_service.settings import NAME, ChatSettings
from chat_service.topics import read_topic
from keylane import Every, Handler, Worker
from keylane.metrics import EveryCollector, RelayCollector
from keylane.mongo import MongoInbox, OutboxRelay
from lyceum_database import OUTAGES, Clock, DatabaseError, connect, utc_now
from lyceum_program.errors import StartRefused
from lyceum_web.application import create_application
from lyceum_web.lifespan import State
from lyceum_web.provided import SERVICES
from lyceum_web.rates import RateLimiter, rate_limiter
from lyceum_web.security import KeySource, Security
from lyceum_web.startup import check_models


def build(
    settings: ChatSettings,
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
    security = settings.tokens.security(keys, clock=clock)
    limiter = rate_limiter(settings.web.rate_limit_storage)
    try:
        connect(settings.mongo, client_class=client_class)
    except DatabaseError as exc:
        raise StartRefused(str(exc)) from exc
    built = build_services(
        limiter=limiter,
        rates=settings.rates,
        search=settings.search,
        waits=settings.waits,
        waits_per_user=settings.waits_per_user,
        clock=clock,
    )
    relays = [
        OutboxRelay(collection, settings.kafka, topic_prefix=settings.topic_prefix, lease=settings.outbox_lease)
        for collection in storage.outbox_collections()
    ]
    return assembled(
        settings,
        built,
        security=security,
        limiter=limiter,
        relays=relays,
        consumers=[_worker(settings, built.chat.handlers)],
    )


def assembled(
    settings: ChatSettings,
    built: Built,
    *,
    security: Security,
    limiter: RateLimiter,
    relays: Sequence[OutboxRelay] = (),
    consumers: Sequence[Worker] = (),
) -> FastAPI:
    """Put the application together out of what was built.

    Raises:
        StartRefused: a route or a model is unfit.
    """
    timers = (Every("waits", settings.look_interval, built.waits.look, outages=OUTAGES), *built.chat.sweepers)
    application = create_application(
        title="Lyceum chat service",
        version=version(NAME),
        settings=settings.web,
        routers=ROUTERS,
        models=storage.MODELS,
        security=security,
        state=_state(built),
        errors=ERRORS,
        codes=CODES,
        background=(*relays, *timers),
        consumers=consumers,
        collectors=[RelayCollector(*relays), EveryCollector(*timers), WaitFigures(built.waits)],
        limiter=limiter,
    )
    application.state.life.health.when_stopping(built.waits.end)
    return application


def _worker(settings: ChatSettings, handlers: Mapping[str, Handler]) -> Worker:
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


def _state(built: Built) -> State:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Mapping[str, Any]]:
        with built.waits.open():
            yield {SERVICES: built.services}

    return opened
