"""The handlers of a group: which are async, and how a sync one is started in a thread."""

from __future__ import annotations

import inspect
from types import AsyncGeneratorType, GeneratorType
from typing import TYPE_CHECKING, Any, cast

from keylane.arguments import functions_of
from keylane.errors import KeylaneError
from keylane.wording import said

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Mapping

    from keylane.message import Handler, Message
    from keylane.threads import Threads


class HandlerEscapeError(KeylaneError):
    """A handler raised what is no Exception (`sys.exit()`, a framework's own kind): a failed run like any other."""

    def __init__(self, error: BaseException) -> None:
        super().__init__(f"{type(error).__name__}: {said(error)}")


class Handlers:
    """The handlers of one group.

    Attributes:
        on_loop: The async ones, which can be cancelled.

    Args:
        handlers: By event type.
        threads: Where sync handlers run.
    """

    def __init__(self, handlers: Mapping[str, Handler], *, threads: Threads) -> None:
        self._handlers = dict(handlers)
        self.on_loop: dict[str, Callable[[Message], Awaitable[None]]] = {
            type_: cast("Callable[[Message], Awaitable[None]]", handler)
            for type_, handler in handlers.items()
            if is_async(handler)
        }
        self._threads = threads

    def __contains__(self, type_: str) -> bool:
        return type_ in self._handlers

    def start(self, message: Message) -> asyncio.Future[Any]:
        """Begin the handler's run in its thread; it cannot be cancelled."""
        return self._threads.submit(_guarded, self._handlers[message.type], message)


def _guarded(handler: Handler, message: Message) -> Any:
    try:
        result = handler(message)
    except Exception:
        raise
    except BaseException as exc:
        raise HandlerEscapeError(exc) from exc
    if not inspect.isawaitable(result) and isinstance(result, (GeneratorType, AsyncGeneratorType)):
        raise TypeError("the handler returned a generator, of which no line ran: take out its `yield`")
    return result


def is_async(handler: Any) -> bool:
    """Whether calling the handler gives something to await."""
    return any(map(inspect.iscoroutinefunction, functions_of(handler)))
