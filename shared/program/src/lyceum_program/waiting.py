"""Waiting for servers: unready, with a line every few seconds, until they answer or a stop is asked for."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TypeVar

from lyceum_program.errors import StartRefused

T = TypeVar("T")

PATIENCE = timedelta(seconds=60)
"""A server that was started together with a deploy step is there by then."""
PAUSE_S = 1.0
LINE_EVERY_S = 5.0

log = logging.getLogger(__name__)


class Stopped(Exception):  # noqa: N818 - a fact, no error: somebody asked for it
    """A stop was asked for before the server answered."""


class Waiting:
    """Repeats a call until its server answers, and says meanwhile what it waits for."""

    def __init__(self) -> None:
        self.reason = "starting"
        self._stopping = asyncio.Event()

    def request_stop(self) -> None:
        """Stop waiting."""
        self._stopping.set()

    async def until(self, server: str, call: Callable[[], Awaitable[T]], away: tuple[type[Exception], ...]) -> T:
        """Return what the call returns once it does not raise one of `away`.

        Raises:
            Stopped: `request_stop()` came first.
        """
        said_at = -LINE_EVERY_S
        while not self._stopping.is_set():
            try:
                return await call()
            except away as exc:
                self.reason = f"waits for {server}: {exc}"
                if time.monotonic() - said_at >= LINE_EVERY_S:
                    said_at = time.monotonic()
                    log.warning(self.reason, extra={"action": "waiting", "server": server})
            await self._pause()
        raise Stopped

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._stopping.wait(), PAUSE_S)
        except TimeoutError:
            return


async def patiently(server: str, call: Callable[[], Awaitable[T]], away: tuple[type[Exception], ...]) -> T:
    """Do the same for a deploy step, which gives up after `PATIENCE`.

    Raises:
        StartRefused: the server did not answer in time.
    """
    waiting = Waiting()
    stop = asyncio.get_running_loop().call_later(PATIENCE.total_seconds(), waiting.request_stop)
    try:
        return await waiting.until(server, call, away)
    except Stopped as exc:
        raise StartRefused(f"gave up after {PATIENCE.total_seconds():.0f} s: {waiting.reason}") from exc
    finally:
        stop.cancel()
