"""The example service on an embedded database, and applications made for one test."""

import importlib
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI

from lyceum_database.testing import temporary_database
from lyceum_web.application import create_application
from lyceum_web.settings import WebSettings
from lyceum_web.testing import Callers, application_client

EXAMPLE = Path(__file__).parents[1] / "example"

Make = Callable[..., FastAPI]
Start = Callable[..., httpx.Client]


@pytest.fixture(scope="session")
def example_folder() -> Path:
    return EXAMPLE


@pytest.fixture(scope="session")
def example() -> ModuleType:
    """The example's `example_main`, imported once: a model must not be defined a second time."""
    sys.path.insert(0, str(EXAMPLE))
    try:
        return importlib.import_module("example_main")
    finally:
        sys.path.remove(str(EXAMPLE))


@pytest.fixture(scope="session")
def people() -> Callers:
    return Callers()


@pytest.fixture(scope="session")
def settings() -> WebSettings:
    return WebSettings(environment="development")


@pytest.fixture
def notes_service(example: ModuleType, people: Callers, settings: WebSettings) -> Iterator[FastAPI]:
    """The example service, with its database."""
    application: FastAPI = example.build(settings, security=people.security)
    with temporary_database(application.state.models):
        yield application


@pytest.fixture
def notes(notes_service: FastAPI) -> Iterator[httpx.Client]:
    """A client of the example service."""
    with application_client(notes_service) as client:
        yield client


@pytest.fixture(scope="session")
def make(people: Callers, settings: WebSettings) -> Make:
    """Return an application around a router; keywords go to `create_application`."""

    def made(router: APIRouter, *, limits: dict[str, Any] | None = None, **options: Any) -> FastAPI:
        given = settings.model_copy(update=limits or {})
        options = {"title": "Test", "version": "1", "models": [], "security": people.security, **options}
        return create_application(settings=given, routers=[router], **options)

    return made


@pytest.fixture
def start(make: Make) -> Iterator[Start]:
    """Return a client of such an application, which is stopped after the test."""
    with ExitStack() as running:
        yield lambda router, **options: running.enter_context(application_client(make(router, **options)))
