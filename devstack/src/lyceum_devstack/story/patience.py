"""Looking again until something is there, ever more seldom."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from lyceum_devstack.errors import ServerError

FIRST_LOOK_AFTER_S = 0.4
LONGEST_PAUSE_S = 3.0
GROWTH = 1.6
GIVE_UP_AFTER_S = 60.0

Found = TypeVar("Found")


async def until(look: Callable[[], Awaitable[Found | None]], what: str, *, within_s: float = GIVE_UP_AFTER_S) -> Found:
    """Look until there is something, and return it.

    Args:
        look: returns what is there, or nothing that counts.
        what: is waited for, in the words of a statement.
        within_s: how long.

    Raises:
        ServerError: it did not come in time.
    """
    pause_s, give_up_at = FIRST_LOOK_AFTER_S, time.monotonic() + within_s
    while True:
        found = await look()
        if found:
            return found
        if time.monotonic() > give_up_at:
            raise ServerError(f"after {within_s:.0f} s it is still not so that {what}")
        await asyncio.sleep(pause_s)
        pause_s = min(pause_s * GROWTH, LONGEST_PAUSE_S)
