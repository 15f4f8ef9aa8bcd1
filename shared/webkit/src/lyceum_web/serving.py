"""A service on its port, from start to end."""

import asyncio
import errno
import logging
import math
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import cast

import uvicorn
from fastapi import FastAPI
from prometheus_client import start_http_server

from lyceum_program.errors import StartRefused
from lyceum_program.signals import stop_on_signals
from lyceum_web.lifespan import Life, running
from lyceum_web.settings import WebSettings
from lyceum_web.wire_protocol import ProblemProtocol

BACKLOG = 2048
"""Connections that the system holds for a busy process; uvicorn's own figure."""

log = logging.getLogger(__name__)


async def serve(application: FastAPI, settings: WebSettings) -> None:
    """Answer requests until SIGTERM or SIGINT, then finish those that are running.

    Raises:
        StartRefused: the port cannot be had, or what is at the servers can never work.
        Exception: a part that runs beside the requests ended with it.
    """
    service = Serving(application, settings)
    await service.run(started=lambda _: stop_on_signals(service.request_stop))


class Serving:
    """One application on one port. Used once.

    Args:
        application: what answers.
        settings: where, and how long a stop may take.
    """

    def __init__(self, application: FastAPI, settings: WebSettings) -> None:
        self._application = application
        self._settings = settings
        self._life: Life = application.state.life
        self._server: _Server | None = None

    async def run(self, *, started: Callable[[int], None]) -> None:
        """Answer until a stop is asked for.

        Args:
            started: called with the port once requests are answered.

        Raises:
            StartRefused: as `serve`.
        """
        settings = self._settings
        with _bound(settings) as listener, self._figures_served(), self._end_told():
            async with running(self._application) as answering:
                config = uvicorn.Config(
                    answering,
                    http=cast("type[asyncio.Protocol]", partial(ProblemProtocol, head_seconds=settings.head_seconds)),
                    lifespan="off",
                    log_config=None,
                    access_log=False,
                    server_header=False,
                    backlog=BACKLOG,
                    timeout_keep_alive=settings.keep_alive_seconds,
                    forwarded_allow_ips=settings.trusted_proxies,
                    timeout_graceful_shutdown=math.ceil(settings.shutdown_seconds),
                )
                self._server = _Server(config)
                await self._answer(self._server, listener, started)

    def request_stop(self) -> None:
        """Begin to stop; a second time: without waiting for the requests that run."""
        self._life.health.begin_stopping()
        if self._server is not None:
            self._server.force_exit = self._server.should_exit
            self._server.should_exit = True

    async def _answer(self, server: "_Server", listener: socket.socket, started: Callable[[int], None]) -> None:
        answering = asyncio.create_task(server.serve(sockets=[listener]))
        watching = asyncio.create_task(self._life.over.wait())
        server.started_at = lambda: self._say_start(listener, started)
        try:
            await asyncio.wait({answering, watching}, return_when=asyncio.FIRST_COMPLETED)
            if not server.should_exit:  # asked a second time it would not wait for the requests that run
                self.request_stop()
            await answering
        finally:
            watching.cancel()
        if self._life.failure is not None:
            raise self._life.failure

    def _say_start(self, listener: socket.socket, started: Callable[[int], None]) -> None:
        host, port = listener.getsockname()[:2]
        facts = {"version": self._application.version, "host": host, "port": port}
        log.info("%s answers on port %d", self._application.title, port, extra={"action": "start", **facts})
        started(port)

    @contextmanager
    def _end_told(self) -> Iterator[None]:
        """Say "stopped" when what ran beside the requests has ended, too."""
        try:
            yield
        finally:
            if self._server is not None:
                log.info("stopped", extra={"action": "stopped"})

    @contextmanager
    def _figures_served(self) -> Iterator[None]:
        port = self._settings.metrics_port
        if port is None:
            yield
            return
        try:
            server, thread = start_http_server(port, self._settings.host, self._application.state.figures.registry)
        except OSError as exc:
            raise StartRefused(_refusal("METRICS_PORT", port, self._settings.host, exc)) from exc
        try:
            yield
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


class _Server(uvicorn.Server):
    """Uvicorn, without its own idea of signals."""

    started_at: Callable[[], None]

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the program."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self.started_at()


@contextmanager
def _bound(settings: WebSettings) -> Iterator[socket.socket]:
    """Have the port to oneself; nobody can connect before the server listens."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Only on sockets that name their protocol does asyncio send small parts at once (TCP_NODELAY). Elsewhere the body
    # of an answer waits until its head was confirmed: 40 ms.
    with socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((settings.host, settings.port))
        except OSError as exc:
            raise StartRefused(_refusal("PORT", settings.port, settings.host, exc)) from exc
        yield listener


def _refusal(variable: str, port: int, host: str, exc: OSError) -> str:
    if isinstance(exc, socket.gaierror) or exc.errno == errno.EADDRNOTAVAIL:
        return f"HOST {host}: {exc.strerror}: give an address of this machine, or 0.0.0.0 for all"
    return f"{variable} {port} of HOST {host}: {exc.strerror or exc}: choose another port"
