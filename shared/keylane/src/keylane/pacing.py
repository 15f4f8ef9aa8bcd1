"""Doing something so many times a second, and not more."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

from keylane.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable


class Pace:
    """Even turns: no burst after a pause, so what reads behind is never given more than the rate.

    Args:
        per_second: Turns per second; None for no limit.
        monotonic: Seconds.
        sleep: Waits so many seconds.

    Raises:
        ConfigurationError: The rate is not positive.
    """

    def __init__(
        self,
        per_second: float | None,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        if per_second is not None and not per_second > 0:
            raise ConfigurationError(f"the rate is {per_second}: give a positive number per second, or none at all")
        self.per_second = per_second
        self._interval_s = 0.0 if per_second is None else 1 / per_second
        self._monotonic = monotonic
        self._sleep = sleep
        self._next = monotonic()

    async def turn(self) -> None:
        """Wait for the next turn."""
        now = self._monotonic()
        if (left_s := self._next - now) > 0:
            await self._sleep(left_s)
        self._next = max(now, self._next) + self._interval_s
