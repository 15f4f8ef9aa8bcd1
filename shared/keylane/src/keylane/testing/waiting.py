"""Waiting for a condition instead of sleeping."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


async def until(condition: Callable[[], object], *, timeout_s: float = 30.0, what: str = "") -> None:
    """Return as soon as the condition is true.

    Raises:
        TimeoutError: It did not become true in time; names `what` was waited for.
    """
    deadline = asyncio.get_running_loop().time() + timeout_s
    while not condition():
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError(f"not within {timeout_s:g} s: {what or condition}")
        await asyncio.sleep(0.005)
