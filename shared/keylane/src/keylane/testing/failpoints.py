"""Named points at which a worker is to be killed: wrappers over its ports that call a hook there.

The hook is the test's own, so nothing in production code knows of it: a rehearsal's worker program builds a real
worker with these wrappers, and its hook decides when to `os.kill(os.getpid(), signal.SIGKILL)`.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Any, cast

from keylane.handlers import is_async
from keylane.inbox import Claim
from keylane.testing.faults import FaultyInbox

if TYPE_CHECKING:
    from collections.abc import Awaitable, Mapping, Sequence

    from keylane.broker import Broker, Listener, Subscription, TopicPartition
    from keylane.inbox import Inbox
    from keylane.message import Handler, Message


class Failpoint(StrEnum):
    """Where the hook is called; each is the narrowest place between two writes to different servers."""

    AFTER_CLAIM = "after_claim"
    """The message is claimed, its handler has not begun."""
    AFTER_EFFECT = "after_effect"
    """The handler has returned, the message is not yet marked done."""
    AFTER_FINISH = "after_finish"
    """The message is marked done, its offset is not yet committed."""
    BEFORE_COMMIT = "before_commit"
    """Offsets are about to be committed."""
    BETWEEN_LETTER_AND_MARK = "between_letter_and_mark"
    """The dead letter is acknowledged, the message is not yet marked dead."""


Hook = Callable[[Failpoint], object]
"""Called at each point, on the loop or in a handler's thread; what it raises fails the step that follows."""


class FailpointInbox(FaultyInbox):
    """An inbox with the points that lie beside its methods.

    Args:
        inbox: Does the work.
        hook: Called at `AFTER_CLAIM` (granted claims only), `AFTER_FINISH` and `BETWEEN_LETTER_AND_MARK`.
    """

    def __init__(self, inbox: Inbox, hook: Hook) -> None:
        super().__init__(inbox)
        self._hook = hook

    async def _call(self, method: str, *args: Any, **named: Any) -> Any:
        if method == "dead":
            self._hook(Failpoint.BETWEEN_LETTER_AND_MARK)
        answer = await super()._call(method, *args, **named)
        if method == "finish":
            self._hook(Failpoint.AFTER_FINISH)
        elif method == "claim" and isinstance(answer, Claim):
            self._hook(Failpoint.AFTER_CLAIM)
        return answer


def failpoint_broker(broker: Broker, hook: Hook) -> Broker:
    """The broker, whose subscriptions call the hook at `BEFORE_COMMIT`."""
    return cast("Broker", _Broker(broker, hook))


def failpoint_handlers(handlers: Mapping[str, Handler], hook: Hook) -> dict[str, Handler]:
    """The handlers, each followed by `AFTER_EFFECT` when it returns; async ones stay async."""
    return {type_: _followed(handler, hook) for type_, handler in handlers.items()}


class _Broker:
    def __init__(self, broker: Broker, hook: Hook) -> None:
        self._broker = broker
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    def subscription(self, group: str, topics: Sequence[str], listener: Listener) -> Subscription:
        subscription = self._broker.subscription(group, topics, listener)
        return cast("Subscription", _Subscription(subscription, self._hook))


class _Subscription:
    def __init__(self, subscription: Subscription, hook: Hook) -> None:
        self._subscription = subscription
        self._hook = hook

    def __getattr__(self, name: str) -> Any:
        return getattr(self._subscription, name)

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self._hook(Failpoint.BEFORE_COMMIT)
        await self._subscription.commit(offsets)


def _followed(handler: Handler, hook: Hook) -> Handler:
    if is_async(handler):

        async def on_loop(message: Message) -> None:
            await _then(cast("Awaitable[None]", handler(message)), hook)

        return on_loop

    def in_thread(message: Message) -> Awaitable[None] | None:
        result = handler(message)
        if result is not None:
            return _then(result, hook)
        hook(Failpoint.AFTER_EFFECT)
        return None

    return in_thread


async def _then(result: Awaitable[None], hook: Hook) -> None:
    await result
    hook(Failpoint.AFTER_EFFECT)
