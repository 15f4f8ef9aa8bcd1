"""An application between its start and its end."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any

import anyio.to_thread
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from lyceum_web.consuming import Consumer
from lyceum_web.database_watch import DatabaseWatch
from lyceum_web.health import Health
from lyceum_web.parts import Part

State = Callable[[], AbstractAsyncContextManager[Mapping[str, Any]]]
"""Opens what requests need; `request.state` has it for as long as the application runs."""

log = logging.getLogger(__name__)


class Life:
    """What goes on in an application beside its requests.

    Attributes:
        health: its standing.
        over: set when something ended that must not end while requests are answered.
        failure: why it ended.

    Args:
        threads: requests that run at one time, each in a thread.
        state: opens what requests need.
        database: None for a service that stores nothing.
        parts: run from when the database was found to be in order.
        consumers: the same; they take nothing new from when a stop is asked for, and end before the other parts do.
    """

    def __init__(
        self,
        *,
        threads: int,
        state: State | None,
        database: DatabaseWatch | None,
        parts: Sequence[Part],
        consumers: Sequence[Consumer] = (),
    ) -> None:
        self.health = Health(database, parts, consumers)
        for consumer in consumers:
            self.health.when_stopping(consumer.request_stop)
        self._threads = threads
        self._state = state or (lambda: nullcontext({}))
        self._database = database
        self._parts = tuple(parts)
        self._consumers = tuple(consumers)
        self._begin()

    def _begin(self) -> None:
        self.over = asyncio.Event()
        self.failure: BaseException | None = None
        self.health.stopping = False
        if self._database is not None:
            self._database.begin()

    @asynccontextmanager
    async def around(self, _: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        """Start, yield what requests need, and stop. A database that does not answer is waited for meanwhile.

        Raises:
            StartRefused: what is there can never work.
        """
        self._begin()
        anyio.to_thread.current_default_thread_limiter().total_tokens = self._threads
        async with self._state() as opened:
            if self._database is not None:
                await self._database.look()
            work = asyncio.create_task(self._work())
            work.add_done_callback(self._ended)
            try:
                yield opened
            finally:
                await self._stop(work)

    async def _work(self) -> None:
        async with asyncio.TaskGroup() as group:
            if self._database is not None:
                group.create_task(self._database.run())
                await self._database.verified.wait()
            for part in (*self._parts, *self._consumers):
                group.create_task(self._kept_running(part))

    async def _kept_running(self, part: Part) -> None:
        try:
            await part.run()
        except Exception as exc:
            self._fail(exc)  # at once: the parts beside it may take a while to end
            raise
        if not self.health.stopping:
            raise RuntimeError(f"{type(part).__name__} ended although nobody asked it to")

    def _ended(self, work: asyncio.Task[None]) -> None:
        failure = None if work.cancelled() else work.exception()
        if failure is None:
            return
        while isinstance(failure, BaseExceptionGroup):
            failure = failure.exceptions[0]
        self._fail(failure)

    def _fail(self, failure: BaseException) -> None:
        self.failure = self.failure or failure
        self.over.set()
        self.health.begin_stopping()

    async def _stop(self, work: asyncio.Task[None]) -> None:
        self.health.begin_stopping()
        await _end(self._consumers)
        await _end(self._parts)  # relays among them, for the events that consumers wrote
        work.cancel()
        await asyncio.wait({work})


async def _end(parts: Iterable[Part]) -> None:
    for part in parts:
        part.request_stop()
    await asyncio.gather(*(part.stop() for part in parts), return_exceptions=True)


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
