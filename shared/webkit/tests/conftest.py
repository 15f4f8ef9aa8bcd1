"""Routes of a test behind the handlers of problems, and nothing else of the kit around them."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from lyceum_web.problems.answers import Answers
from lyceum_web.problems.codes import CodeTable
from lyceum_web.problems.handlers import handle_errors
from lyceum_web.testing import Callers, ManualClock
from lyceum_web.testing.client import application_client

Serve = Callable[..., httpx.Client]


class AddedHeaders:
    """Adds what dependencies want on every answer, as the kit's outermost layer does."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        added: list[tuple[bytes, bytes]] = []
        scope["lyceum.response_headers"] = added

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *added]}
            await send(message)

        await self._app(scope, receive, send_with_headers)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def callers(clock: ManualClock) -> Callers:
    return Callers(clock=clock)


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Return a client of the router; keywords become the application's state."""
    with ExitStack() as open_clients:

        def served(router: APIRouter, **state: Any) -> httpx.Client:
            application = FastAPI(openapi_url=None, redirect_slashes=False)
            for name, value in state.items():
                setattr(application.state, name, value)
            handle_errors(application, Answers(CodeTable(()), {}))
            application.include_router(router)
            application.add_middleware(AddedHeaders)
            return open_clients.enter_context(application_client(application))

        yield served
