"""Periodic work beside a worker or a service."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from keylane.arguments import check_duration
from keylane.errors import ConfigurationError, UnavailableError
from keylane.handlers import is_async
from keylane.health import Health
from keylane.measures import SHORT_S, Histogram
from keylane.retry import outage_delay_s
from keylane.stopping import Stop, told_to_end
from keylane.threads import Threads
from keylane.wording import said

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger("keylane")

JITTER: Final = 0.1
"""Each wait varies by this share, so that replicas do not step together."""


class Every:
    """Runs a step every `interval`, one at a time, until `stop()`; the first at once.

    Any number of replicas may run the same step, so each step must be safe by compare-and-set. A step that raises is
    logged and runs again at its next time; while a server is away, no sooner than two tries at one are apart.

    Args:
        name: For log lines.
        interval: From the end of one step to the start of the next.
        step: Sync (in a thread of its own) or async.
        outages: Exceptions that mean a server is away: one line every few seconds instead of a traceback.
        stop_timeout: `stop()` returns within this.
        health: Where its readiness is kept, for what is more than this; its own by default.
        part: Its name there.

    Attributes:
        name: As given.
        failed: Steps that raised.
        step_s: Seconds that steps took.

    Raises:
        ConfigurationError: A duration is not positive, or the step cannot be called.
    """

    def __init__(
        self,
        name: str,
        interval: timedelta,
        step: Callable[[], Any],
        *,
        outages: tuple[type[Exception], ...] = (),
        stop_timeout: timedelta = timedelta(seconds=10),
        jitter: random.Random | None = None,
        health: Health | None = None,
        part: str = "step",
    ) -> None:
        check_duration(f"{name}: interval", interval)
        check_duration(f"{name}: stop_timeout", stop_timeout)
        if not callable(step):
            raise ConfigurationError(f"{name}: step is {step!r}: give a function")
        self.name = name
        self.failed = 0
        self.step_s = Histogram(SHORT_S)
        self._interval_s = interval.total_seconds()
        self._step = step
        self._outages: tuple[type[Exception], ...] = (UnavailableError, *outages)
        self._stop = Stop(stop_timeout.total_seconds())
        self._jitter = jitter or random.Random()
        self._health = health or Health(name)
        self._part = part
        self._away = 0
        self._threads = Threads(name, 1)
        self._main: asyncio.Task[None] | None = None

    @property
    def ready(self) -> bool:
        """Whether the last step ended well."""
        return self._health.ready

    @property
    def why_unready(self) -> str:
        """One line; empty when ready."""
        return self._health.why_unready

    async def run(self) -> None:
        """Step until `stop()`."""
        self._main = asyncio.current_task()
        try:
            while not self._stop.asked:
                await self._once()
                await self._stop.rest(self._pause_s())
        finally:
            self._threads.close()

    def request_stop(self) -> None:
        """Begin to stop, for signal handlers; a step that runs is let finish."""
        self._stop.request()

    async def stop(self) -> None:
        """Let a running step finish within the stop timeout, then cancel it."""
        await self._stop.join(self._main)

    @property
    def stopping(self) -> bool:
        """Whether a stop was asked for: a long step may heed it."""
        return self._stop.asked

    def left_s(self) -> float:
        """Seconds until `stop()` has to be over; the whole stop timeout before it is asked for."""
        return self._stop.left_s()

    def _pause_s(self) -> float:
        pause_s = self._interval_s * self._jitter.uniform(1 - JITTER, 1 + JITTER)
        return max(pause_s, outage_delay_s(self._away, jitter=self._jitter)) if self._away else pause_s

    async def _once(self) -> None:
        began = time.monotonic()
        try:
            if is_async(self._step):
                await self._step()
            else:
                await self._threads.submit(self._step)
        except self._outages as exc:
            self._away += 1
            self.failed += 1
            self._health.trouble(self._part, said(exc))
        except asyncio.CancelledError as exc:
            if told_to_end():
                raise
            self._failed(exc)
        except Exception as exc:  # noqa: BLE001  whatever it is, there is a next step
            self._failed(exc)
        else:
            self._away = 0
            self._health.well(self._part)
        finally:
            self.step_s.observe(time.monotonic() - began)

    def _failed(self, error: BaseException) -> None:
        self.failed += 1
        self._health.note(self._part, f"{type(error).__name__}: {said(error)}")
        extra = {"action": "step_failed", "part": self.name}
        log.error("%s: a step failed", self.name, exc_info=error, extra=extra)
