"""The composition root: the only place that connects and builds. Everything is built once."""

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from pymongo import MongoClient

from auth_service import storage
from auth_service.figures import AuthFigures
from auth_service.keys import KeyDirectory, KeysError, TokenIssuer
from auth_service.keys.rotation import ensure_development_key
from auth_service.keys.router import router as keys_router
from auth_service.people import People
from auth_service.problems import CODES, ERRORS
from auth_service.roles.repository import Roles
from auth_service.routes import ROUTERS
from auth_service.services import build_services
from auth_service.sessions.repository import Sessions
from auth_service.settings import NAME, AuthSettings
from keylane.metrics import RelayCollector
from keylane.mongo import OutboxRelay
from lyceum_database import Clock, DatabaseError, connect, utc_now
from lyceum_program.errors import StartRefused
from lyceum_web.application import create_application
from lyceum_web.lifespan import State
from lyceum_web.provided import SERVICES
from lyceum_web.rates import rate_limiter
from lyceum_web.security import PrincipalDirectory, Security, TokenVerifier
from lyceum_web.startup import check_models

log = logging.getLogger(__name__)


def build(settings: AuthSettings, *, client_class: type[Any] = MongoClient, clock: Clock = utc_now) -> FastAPI:
    """Check the models, connect, and build one of everything.

    Args:
        settings: of the program.
        client_class: the MongoDB client; the embedded one for tests and demonstrations.
        clock: tells the time.

    Raises:
        StartRefused: a model is missing or unfit, no signing key can be used, or settings cannot work.
    """
    check_models()
    keys = _keys(settings, clock)
    try:
        connect(settings.mongo, client_class=client_class)
    except DatabaseError as exc:
        raise StartRefused(str(exc)) from exc
    directory = PrincipalDirectory(Sessions(clock=clock), People(clock=clock), Roles(clock=clock), clock=clock)
    relays = [
        OutboxRelay(collection, settings.kafka, topic_prefix=settings.topic_prefix, lease=settings.outbox_lease)
        for collection in storage.outbox_collections()
    ]
    services = _services(settings, keys, directory, clock)
    verifier = TokenVerifier(keys, issuer=settings.issuer, audience=settings.audience, clock=clock)
    return create_application(
        title="Lyceum auth service",
        version=version(NAME),
        settings=settings.web,
        routers=(*ROUTERS, keys_router),
        models=storage.MODELS,
        security=Security(verifier, directory),
        state=_state(services),
        errors=ERRORS,
        codes=CODES,
        background=relays,
        collectors=[RelayCollector(*relays), services[AuthFigures]],
        prepare=partial(storage.ensure_contents, clock=clock),
    )


def _keys(settings: AuthSettings, clock: Clock) -> KeyDirectory:
    """Open the key directory; in development, and only there, a missing key is made."""
    keys = KeyDirectory(settings.keys_directory, clock=clock)
    try:
        if settings.web.development and (made := ensure_development_key(settings.keys_directory, now=clock())):
            text = "made signing key %s in %s, because this is development: elsewhere `lyceum keys rotate` makes keys"
            log.warning(text, made.kid, settings.keys_directory, extra={"action": "key", "kid": made.kid})
        keys.load()
    except KeysError as exc:
        raise StartRefused(f"AUTH_KEYS_DIRECTORY: {exc}") from exc
    return keys


def _services(
    settings: AuthSettings, keys: KeyDirectory, directory: PrincipalDirectory, clock: Clock
) -> Mapping[type, Any]:
    tokens = TokenIssuer(
        keys, issuer=settings.issuer, audience=settings.audience, lifetime=settings.access_lifetime, clock=clock
    )
    limiter = rate_limiter(settings.web.rate_limit_storage)
    built = build_services(settings, tokens=tokens, standings=directory, limiter=limiter, clock=clock)
    return {**built, KeyDirectory: keys}


def _state(services: Mapping[type, Any]) -> State:
    @asynccontextmanager
    async def opened() -> AsyncIterator[Mapping[str, Any]]:
        yield {SERVICES: services}

    return opened
