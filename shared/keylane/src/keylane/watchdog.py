"""How late the event loop is: what stalls heartbeats, timers and polls alike."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from keylane.measures import Histogram

log = logging.getLogger("keylane")

LOOK_S: Final = 0.25
"""How often the loop's lag is measured, in seconds."""
LATE_S: Final = 1.0
"""A lag worth a log line, in seconds: most likely a handler blocks that should be in a thread."""


async def watch_loop(lag_s: Histogram, *, name: str) -> None:
    """Measure the lag of the running loop, again and again, until cancelled."""
    while True:
        due = time.monotonic() + LOOK_S
        await asyncio.sleep(LOOK_S)
        late_s = max(0.0, time.monotonic() - due)
        lag_s.observe(late_s)
        if late_s >= LATE_S:
            words = "%s: the event loop stood still for %.1f s: does an async handler block?"
            log.warning(words, name, late_s, extra={"action": "loop_blocked", "seconds": round(late_s, 3)})
