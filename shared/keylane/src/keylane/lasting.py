"""Work beside the membership that must not end: it begins anew after any error, and nobody is left to think it runs."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

from keylane.stopping import told_to_end
from keylane.wording import said

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from keylane.health import Health

log = logging.getLogger("keylane")

AGAIN_S: Final = 1.0
"""Pause before work that failed begins anew, in seconds."""


async def lasting(work: Callable[[], Coroutine[Any, Any, None]], *, name: str, health: Health) -> None:
    """Do the work until cancelled; an error in it is said, and makes the worker unready until it begins anew.

    A cancellation that did not come from outside, as of a future that the work waited for, is such an error.
    """
    while True:
        try:
            await work()
        except asyncio.CancelledError as exc:
            if told_to_end():
                raise
            error: BaseException = exc
        except Exception as exc:  # noqa: BLE001  whatever it is, the work is needed as long as the worker lives
            error = exc
        else:
            return
        words = f"{name}: {type(error).__name__}: {said(error)}"
        health.trouble("runtime", words, member=name)
        log.error("%s begins anew after an error", name, exc_info=error, extra={"action": "defect"})
        await asyncio.sleep(AGAIN_S)
        health.well("runtime", member=name)
