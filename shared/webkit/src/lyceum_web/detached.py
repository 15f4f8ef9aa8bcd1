"""Blocking calls that nobody has to wait for: not even the end of the program."""

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def in_detached_thread(call: Callable[[], T]) -> asyncio.Future[T]:
    """Start the call in a thread of its own, and return what will hold its outcome.

    A call that hangs does not keep the program from ending, as one in the loop's own threads would.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()
    outcome.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may be that nobody asks

    def work() -> None:
        try:
            result = call()
        except BaseException as exc:  # noqa: BLE001 - it is the outcome
            _tell(loop, outcome, exc, None)
        else:
            _tell(loop, outcome, None, result)

    threading.Thread(target=work, name="detached", daemon=True).start()
    return outcome


def _tell(
    loop: asyncio.AbstractEventLoop, outcome: "asyncio.Future[T]", error: BaseException | None, result: T | None
) -> None:
    def settle() -> None:
        if outcome.done():
            return
        if error is not None:
            outcome.set_exception(error)
        else:
            outcome.set_result(result)  # type: ignore[arg-type] # None only where T is None

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)
