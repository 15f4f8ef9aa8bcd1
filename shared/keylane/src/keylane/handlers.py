"""Running one handler: on the loop or in a thread, within a time limit, interruptible where that is possible."""

from __future__ import annotations

import asyncio
import functools
import inspect
from typing import TYPE_CHECKING, Any

from keylane.errors import KeylaneError
from keylane.wording import said

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keylane.message import Handler, Message
    from keylane.threads import Threads


PASSED_ON = (Exception, asyncio.CancelledError, KeyboardInterrupt)
"""What a handler on the loop may raise as it is; a Ctrl-C is the program's own."""


class HandlerEscapeError(KeylaneError):
    """A handler raised what is no Exception (`sys.exit()`, a framework's own kind): a failed run like any other."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {said(error)}")


class Handlers:
    """The handlers of one group.

    Args:
        handlers: By event type.
        threads: Where sync handlers run.
        timeout_s: Longest run of an async handler.
    """

    def __init__(self, handlers: Mapping[str, Handler], *, threads: Threads, timeout_s: float) -> None:
        self._handlers = dict(handlers)
        self._on_loop = {type_ for type_, handler in handlers.items() if is_async(handler)}
        self._threads = threads
        self._timeout_s = timeout_s

    def __contains__(self, type_: str) -> bool:
        return type_ in self._handlers

    def start(self, message: Message) -> asyncio.Future[Any]:
        """Begin the handler's run in its thread; it cannot be cancelled."""
        return self._threads.submit(_guarded, self._handlers[message.type], message)

    def runs_on_loop(self, type_: str) -> bool:
        """Whether the handler is async and can be cancelled."""
        return type_ in self._on_loop

    async def run_on_loop(self, message: Message) -> None:
        """Run an async handler.

        Raises:
            TimeoutError: It took longer than its limit.
        """
        result = self._handlers[message.type](message)
        await self.bounded(result)

    async def bounded(self, awaitable: Any) -> None:
        """Await a handler's result within its limit.

        Raises:
            TimeoutError: It took longer than its limit.
        """
        try:
            async with asyncio.timeout(self._timeout_s):
                await awaitable
        except PASSED_ON:
            raise
        except BaseException as exc:
            raise HandlerEscapeError(exc) from exc


def _guarded(handler: Handler, message: Message) -> Any:
    try:
        return handler(message)
    except Exception:
        raise
    except BaseException as exc:
        raise HandlerEscapeError(exc) from exc


def is_async(handler: Any) -> bool:
    """Whether calling the handler gives something to await."""
    while isinstance(handler, functools.partial):
        handler = handler.func
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(getattr(handler, "__call__", None))  # noqa: B004  asks about the method, not about callability
