"""Rate limits, wherever they are counted."""

import logging
import math
import time
from collections.abc import Callable

from lyceum_web.rates.limit import Limit, Taken
from lyceum_web.rates.shared import SharedWindows
from lyceum_web.rates.windows import LocalWindows, StorageAway, Windows

MEMORY = "memory://"
LINE_EVERY_S = 30.0

log = logging.getLogger(__name__)


class RateLimiter:
    """Lets requests pass until a limit is reached; exact, whatever the number of threads.

    While the shared storage is away, strict limits are kept by each process for itself, and the others by nobody.

    Args:
        windows: where requests are counted.
        local: where those of strict limits are counted meanwhile.
        monotonic: seconds, for the pace of the log's lines.
    """

    def __init__(
        self,
        windows: Windows,
        *,
        local: Windows | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.waits = windows.waits
        self._windows = windows
        self._local = local or LocalWindows()
        self._monotonic = monotonic
        self._said_at = -math.inf

    def hit(self, limit: Limit, *keys: str) -> int | None:
        """Count a request of the caller that the keys name. May wait for the storage if `waits`.

        Returns:
            None if it may pass, else the whole seconds after which the next one may.
        """
        taken = self.take(limit, *keys)
        return None if taken.allowed else retry_after_s(taken)

    def take(self, limit: Limit, *keys: str) -> Taken:
        """Count a request of the caller that the keys name, and say how much is left. May wait if `waits`."""
        key = limit.key(*keys)
        try:
            return self._windows.take(key, limit.amount, limit.window_s)
        except StorageAway as exc:
            self._say(exc)
        if limit.strict:
            return self._local.take(key, limit.amount, limit.window_s)
        return Taken(allowed=True, remaining=limit.amount, reset_s=0.0)

    def _say(self, exc: StorageAway) -> None:
        now = self._monotonic()
        if now - self._said_at >= LINE_EVERY_S:
            self._said_at = now
            log.warning("%s: strict limits are kept by each process alone, others by nobody", exc)


def retry_after_s(taken: Taken) -> int:
    """Return the whole seconds after which the next request may pass; at least one."""
    return max(1, math.ceil(taken.reset_s))


def rate_limiter(storage: str = MEMORY) -> RateLimiter:
    """Return a limiter that counts in this process (`memory://`) or in a Redis (`redis://host:6379/0`).

    Raises:
        StartRefused: the storage cannot work as it was given.
    """
    return RateLimiter(LocalWindows() if storage == MEMORY else SharedWindows(storage))
