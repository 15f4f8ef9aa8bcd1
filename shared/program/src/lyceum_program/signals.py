"""SIGTERM and SIGINT, from the program's first moment to its last."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_STOPPING = (signal.SIGTERM, signal.SIGINT)


def heeded() -> list[signal.Signals]:
    """The signals that end this program; not those that whoever started it had it ignore, as shells do behind `&`."""
    return [number for number in _STOPPING if signal.getsignal(number) is not signal.SIG_IGN]


def leave_at_signals(command: str) -> None:
    """Leave at once and quietly at a signal, as long as nothing is claimed yet.

    A worker that has claimed nothing has finished: exit code 0. A deploy step has not done its work: 128 + signal.
    """
    for number in heeded():
        # No exception: in the middle of an import it could be swallowed, or shown.
        signal.signal(number, lambda number, _: os._exit(0 if command == "run" else 128 + number))


@contextmanager
def leaving_at_signals(command: str) -> Iterator[None]:
    """The same for the length of a block."""
    former = {number: signal.getsignal(number) for number in heeded()}
    leave_at_signals(command)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def stop_on_signals(request_stop: Callable[[], None]) -> None:
    """Ask the program to finish what it has begun, from now on, while the loop runs."""
    loop = asyncio.get_running_loop()
    for number in heeded():
        try:
            loop.add_signal_handler(number, request_stop)
        except NotImplementedError:  # Windows has no such handlers on its loop
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(request_stop))
