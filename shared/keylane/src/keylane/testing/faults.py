"""Faults at named points of the idempotency store: an outage, a delay, or the death of the process."""

from __future__ import annotations

import inspect
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from keylane.errors import StoreUnavailableError

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta

    from keylane.inbox import Burial, Busy, Claim, Inbox, Known, Payload, Replay, Reused, Settled


class FaultyInbox:
    """An inbox around another one that does what a test tells it before or after any of its methods.

    `faults.before("finish", lambda: os._exit(9))` dies between an effect and its mark; an action that returns an
    awaitable is awaited; one that raises makes the method raise.

    Args:
        inbox: Does the work.
    """

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox
        self._before: dict[str, Callable[[], Any]] = {}
        self._after: dict[str, Callable[[], Any]] = {}
        self._down = False
        self.calls: defaultdict[str, int] = defaultdict(int)

    def before(self, method: str, action: Callable[[], Any]) -> None:
        """Act before each call of `method`, which is not made if the action raises."""
        self._before[method] = action

    def after(self, method: str, action: Callable[[], Any]) -> None:
        """Act after each call of `method`, whose result is lost if the action raises."""
        self._after[method] = action

    def clear(self) -> None:
        """Forget all actions."""
        self._before.clear()
        self._after.clear()

    def set_down(self) -> None:
        """Refuse every call, as a store that is away does."""
        self._down = True

    def set_up(self) -> None:
        """Answer again."""
        self._down = False

    async def ping(self) -> None:
        """As `Inbox.ping`."""
        await self._call("ping")

    async def claim(
        self, key: str, *, owner: str, lease: timedelta, payload: Payload | None = None, replay: Replay | None = None
    ) -> Claim | Settled | Busy | Reused:
        """As `Inbox.claim`."""
        given = {"owner": owner, "lease": lease, "payload": payload, "replay": replay}
        answer: Claim | Settled | Busy | Reused = await self._call("claim", key, **given)
        return answer

    async def renew(self, claim: Claim, *, lease: timedelta) -> None:
        """As `Inbox.renew`."""
        await self._call("renew", claim, lease=lease)

    async def finish(self, claim: Claim) -> None:
        """As `Inbox.finish`."""
        await self._call("finish", claim)

    async def fail(self, claim: Claim, *, at: datetime) -> None:
        """As `Inbox.fail`."""
        await self._call("fail", claim, at=at)

    async def bury(self, claim: Claim, burial: Burial) -> None:
        """As `Inbox.bury`."""
        await self._call("bury", claim, burial)

    async def dead(self, claim: Claim) -> None:
        """As `Inbox.dead`."""
        await self._call("dead", claim)

    async def release(self, claim: Claim) -> None:
        """As `Inbox.release`."""
        await self._call("release", claim)

    async def look(self, key: str) -> Known | None:
        """As `Inbox.look`."""
        known: Known | None = await self._call("look", key)
        return known

    async def _call(self, method: str, *args: Any, **named: Any) -> Any:
        self.calls[method] += 1
        if self._down:
            raise StoreUnavailableError("the store is down on demand")
        await _act(self._before.get(method))
        answer = await getattr(self._inbox, method)(*args, **named)
        await _act(self._after.get(method))
        return answer


def times(
    count: int, error: Callable[[], Exception] = lambda: StoreUnavailableError("on demand")
) -> Callable[[], None]:
    """An action that raises at its first `count` calls, by default as a store that is away does."""
    left = [count]

    def action() -> None:
        if left[0] > 0:
            left[0] -= 1
            raise error()

    return action


async def _act(action: Callable[[], Any] | None) -> None:
    result = action() if action is not None else None
    if inspect.isawaitable(result):
        await result
