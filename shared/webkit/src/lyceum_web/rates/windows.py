"""Windows of time in the process's own memory, exact under threads and of bounded size."""

import time
from array import array
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from threading import Lock
from typing import Protocol

from lyceum_web.rates.limit import Taken

MAX_KEYS = 50_000  # some 20 MB
MAX_MOMENTS = 1_000_000  # 8 MB

SHARED = 256
"""Windows that callers share who come while the memory is full: limited still, though together."""

SWEPT = 2
"""Windows looked at with each request: more than one can add, so that those left empty go."""


class StorageAway(Exception):  # noqa: N818 - a fact: the name answers "what happened?"
    """The storage of the windows does not answer."""


class Windows(Protocol):
    """Counts requests in moving windows."""

    waits: bool
    """Whether `take` may wait for a network, and so has to be called on a thread."""

    def take(self, key: str, amount: int, window_s: int) -> Taken:
        """Count a request of this key, if fewer than `amount` were counted in the last `window_s` seconds.

        Raises:
            StorageAway: it cannot be told.
        """
        ...


@dataclass(slots=True)
class _Window:
    length_s: int
    moments: "array[float]" = field(default_factory=lambda: array("d"))

    def drop_before(self, moment: float) -> int:
        """Forget what has left the window, and return how many that were."""
        gone = bisect_right(self.moments, moment)
        del self.moments[:gone]
        return gone


class LocalWindows:
    """Moving windows of this process alone.

    Args:
        monotonic: seconds.
        max_keys: how many windows are kept; keys are kept as hashes, so their length does not matter.
        max_moments: how many requests are remembered in all.
    """

    waits = False

    def __init__(
        self,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        max_keys: int = MAX_KEYS,
        max_moments: int = MAX_MOMENTS,
    ) -> None:
        self._monotonic = monotonic
        self._max_keys = max_keys
        self._max_moments = max_moments
        self._windows: OrderedDict[bytes, _Window] = OrderedDict()
        self._moments = 0
        self._turn = Lock()

    def take(self, key: str, amount: int, window_s: int) -> Taken:
        """Count a request of this key, if fewer than `amount` were counted in the last `window_s` seconds."""
        digest = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        with self._turn:
            now = self._monotonic()
            for _ in range(SWEPT):
                self._sweep_one(now)
            return self._taken(digest, amount, window_s, now)

    def _taken(self, digest: bytes, amount: int, window_s: int, now: float) -> Taken:
        window = self._windows.get(digest)
        if window is not None:
            self._drop_past(window, now)
        if self._full(window) and (window is None or len(window.moments) < amount):
            window = self._shared(digest, amount, window_s, now)
        elif window is None:
            window = self._windows[digest] = _Window(window_s)
        count = len(window.moments)
        allowed = count < amount
        if allowed:
            window.moments.append(now)
            self._moments += 1
            count += 1
        return Taken(allowed, max(amount - count, 0), window.moments[0] + window_s - now)

    def _full(self, window: _Window | None) -> bool:
        return self._moments >= self._max_moments or (window is None and len(self._windows) >= self._max_keys)

    def _shared(self, digest: bytes, amount: int, window_s: int, now: float) -> _Window:
        name = b"%d/%d/%d" % (digest[0] % SHARED, amount, window_s)
        window = self._windows.setdefault(name, _Window(window_s))
        self._drop_past(window, now)
        return window

    def _sweep_one(self, now: float) -> None:
        if not self._windows:
            return
        digest, window = self._windows.popitem(last=False)
        self._drop_past(window, now)
        if window.moments:
            self._windows[digest] = window

    def _drop_past(self, window: _Window, now: float) -> None:
        self._moments -= window.drop_before(now - window.length_s)
