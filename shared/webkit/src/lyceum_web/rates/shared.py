"""Windows that all processes of a service share, in Redis or a server that speaks like it."""

import time
from collections.abc import Callable

from limits import RateLimitItemPerSecond
from limits.errors import ConfigurationError, StorageError
from limits.storage import MovingWindowSupport, Storage, storage_from_string
from limits.strategies import MovingWindowRateLimiter

from lyceum_program.errors import StartRefused
from lyceum_web.rates.limit import Taken
from lyceum_web.rates.windows import StorageAway

TIMEOUT_S = 0.5
"""For connecting and for each answer: a limiter that makes callers wait longer does more harm than it prevents."""

PAUSE_S = 1.0
"""After a failure nothing is asked for so long, or every request would wait out the timeout."""


class SharedWindows:
    """Moving windows in a shared storage.

    Args:
        uri: e.g. `redis://host:6379/0`.
        monotonic: seconds, for the pause after a failure.

    Raises:
        StartRefused: such a storage is not known, or its client is not installed.
    """

    waits = True

    def __init__(self, uri: str, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._storage = _storage(uri)
        self._limiter = MovingWindowRateLimiter(self._storage)
        self._monotonic = monotonic
        self._asked_again_at = 0.0

    def take(self, key: str, amount: int, window_s: int) -> Taken:
        """Count a request of this key, if fewer than `amount` were counted in the last `window_s` seconds.

        Raises:
            StorageAway: the storage does not answer, or did not a moment ago.
        """
        if self._monotonic() < self._asked_again_at:
            raise StorageAway("the storage of rate limits did not answer a moment ago")
        item = RateLimitItemPerSecond(amount, window_s)
        try:
            allowed = self._limiter.hit(item, key)
            stats = self._limiter.get_window_stats(item, key)
        except StorageError as exc:
            self._asked_again_at = self._monotonic() + PAUSE_S
            raise StorageAway(f"the storage of rate limits does not answer: {exc.storage_error}") from exc
        return Taken(allowed, max(int(stats.remaining), 0), stats.reset_time - time.time())


def _storage(uri: str) -> Storage:
    options: dict[str, float | str | bool] = {"socket_connect_timeout": TIMEOUT_S, "socket_timeout": TIMEOUT_S}
    try:
        storage = storage_from_string(uri, wrap_exceptions=True, **options)
    except (ConfigurationError, ValueError) as exc:
        # Without the cause: its text may quote the address, and so a password.
        raise StartRefused(f"RATE_LIMIT_STORAGE: {_advice(str(exc))}") from None
    if not isinstance(storage, Storage) or not isinstance(storage, MovingWindowSupport):
        raise StartRefused(
            "RATE_LIMIT_STORAGE: give memory:// or the address of a Redis, e.g. redis://localhost:6379/0"
        )
    return storage


def _advice(reason: str) -> str:
    if "prerequisite" in reason:
        return "its client is not installed: install lyceum-web[redis]"
    return "give memory:// or the address of a Redis, e.g. redis://localhost:6379/0"
