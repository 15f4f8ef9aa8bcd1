"""An application between its start and its end."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send


@asynccontextmanager
async def running(application: FastAPI) -> AsyncIterator[ASGIApp]:
    """Start an application, yield what answers its requests, and stop it.

    Servers do this too, but turn what goes wrong into a traceback and an exit code of their own.

    Raises:
        StartRefused: it cannot work; says what to change.
    """
    async with application.router.lifespan_context(application) as state:
        yield _with_state(application, state or {})


def _with_state(application: ASGIApp, state: Mapping[str, Any]) -> ASGIApp:
    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"] = dict(state)
        await application(scope, receive, send)

    return answer
