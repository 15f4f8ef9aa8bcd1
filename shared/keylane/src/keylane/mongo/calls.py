"""pymongo calls in threads: bounded, never abandoned half way, their errors translated."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, TypeVar

from bson.errors import BSONError
from pymongo.errors import NetworkTimeout, PyMongoError, ServerSelectionTimeoutError

from keylane.errors import StoreUnavailableError, UnstorableError
from keylane.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

UNSTORABLE = (BSONError, OverflowError, UnicodeEncodeError)
"""What bson raises on a value that it has no form for; none is an error of pymongo's own."""
CANCELLED_WAIT_S = 2.0
"""How long a cancelled caller waits for its call, in seconds; the call goes on in its thread either way."""


class Calls:
    """Runs pymongo calls of one purpose in at most `threads` threads."""

    def __init__(self, name: str, threads: int) -> None:
        self._threads = Threads(name, threads)

    async def run(self, call: Callable[..., T], *args: Any) -> T:
        """Run the call; a cancelled caller still waits a moment for its end, so that its outcome is rarely unknown.

        Raises:
            StoreUnavailableError: Any pymongo error: the call is worth repeating, as every write is idempotent by its
                filter.
            UnstorableError: What it was to write or to ask for cannot be put into BSON.
        """
        future = self._threads.submit(call, *args)
        try:
            await asyncio.wait([future])
        except asyncio.CancelledError:
            await asyncio.wait([future], timeout=CANCELLED_WAIT_S)
            raise
        try:
            result = future.result()
        except PyMongoError as exc:
            raise StoreUnavailableError(words(exc)) from exc
        except UNSTORABLE as exc:
            raise UnstorableError(f"the store cannot hold this: {words(exc)}") from exc
        return result

    def close(self) -> None:
        """Let the threads end."""
        self._threads.close()


def words(error: Exception) -> str:
    """One short line about an error, without the driver's topology dump."""
    text = str(error).split(", Timeout:", maxsplit=1)[0].split(" (configured timeouts", maxsplit=1)[0]
    if isinstance(error, (ServerSelectionTimeoutError, NetworkTimeout)):
        return f"MongoDB does not answer: {text[:300]}"
    return f"{type(error).__name__}: {text[:300]}"
