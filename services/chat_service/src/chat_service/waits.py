"""Readers who wait for what is not written yet: on the event loop, without a thread.

A change that is made in this process wakes them at once; one that another process makes is found by a regular look at
all conversations that are waited for, in one question to the database however many wait.
"""

# ruff: noqa: N818 - names say what happened

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic, TypeVar

from chat_service.errors import ChatServiceError
from chat_service.repositories import Pulse

T = TypeVar("T")

PER_USER = 8
"""Waits of one person where nothing else is said: a phone, a tablet and some tabs of a browser."""
MOST = 500
"""Waits of one process where nothing else is said: half of the requests that the kit answers at one time."""
AT_ONCE = 500
"""Conversations that one question to the database is about."""


class TooManyWaits(ChatServiceError):
    """Somebody waits in too many places already."""

    retry_after_s = 1

    def __init__(self, most: int) -> None:
        super().__init__(f"{most} requests of yours wait already: end one of them, or ask without `wait`")


class WaitsFull(ChatServiceError):
    """As many wait as this process has room for."""

    retry_after_s = 5

    def __init__(self) -> None:
        super().__init__("too many wait here: ask without `wait`, or again later")


@dataclass(frozen=True, slots=True)
class Found(Generic[T]):
    """What one look at a conversation found.

    Attributes:
        answer: what the reader gets if the wait ends here.
        enough: whether it ends the wait.
        seen: the conversation as it was before the look, with the number of the last message that the reader has.
    """

    answer: T
    enough: bool
    seen: Pulse


@dataclass(eq=False, slots=True)
class _Waiter:
    woken: asyncio.Event = field(default_factory=asyncio.Event)
    seen: Pulse | None = None


class Waits:
    """Everybody in this process who waits.

    Args:
        pulses: asks the database for the state of conversations; may block.
        per_user: waits that one person may have at one time, here.
        most: waits at one time, here.

    Attributes:
        count: waits now.
        refused_users: waits that were refused because their person had too many.
        refused_full: waits that were refused because there were too many.
    """

    def __init__(
        self, pulses: Callable[[Sequence[str]], Mapping[str, Pulse]], *, per_user: int = PER_USER, most: int = MOST
    ) -> None:
        self._pulses = pulses
        self._per_user = per_user
        self._most = most
        self._waiting: dict[str, set[_Waiter]] = {}
        self._of_user: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.count = 0
        self.refused_users = 0
        self.refused_full = 0

    @contextmanager
    def open(self) -> Iterator[None]:
        """Let people wait on the loop that runs now. Before and after, and once `end` was called, nobody waits."""
        self._loop = asyncio.get_running_loop()
        try:
            yield
        finally:
            self.end()

    def end(self) -> None:
        """Let everybody go with what they have: the process ends. On the loop; safe to repeat."""
        self._loop = None
        for conversation_id in self._waiting:
            self._wake(conversation_id)

    def tell(self, conversation_id: str) -> None:
        """Wake whoever waits for this conversation; from any thread, after the change is durable."""
        loop = self._loop
        if loop is not None and conversation_id in self._waiting:
            _call(loop, partial(self._wake, conversation_id))

    def look(self) -> None:
        """Ask once for the state of every conversation that is waited for, and wake whom a change concerns. Blocks."""
        waited = tuple(self._waiting)
        for start in range(0, len(waited), AT_ONCE):
            found = self._pulses(waited[start : start + AT_ONCE])
            loop = self._loop
            if loop is not None:
                _call(loop, partial(self._compare, found))

    async def until_found(
        self,
        look: Callable[[], Awaitable[Found[T]]],
        *,
        conversation_id: str,
        user_id: str,
        seconds: float,
        hung_up: Callable[[], Coroutine[Any, Any, object]],
    ) -> Found[T]:
        """Look until there is something, the time is over or the process ends.

        Every look decides anew whether the reader may look.

        Args:
            look: reads what is new.
            conversation_id: whose changes call for another look.
            user_id: who waits.
            seconds: at most.
            hung_up: returns or raises when nobody listens any more.

        Raises:
            TooManyWaits: this person waits in too many places.
            WaitsFull: too many people wait.
            Exception: what `look` or `hung_up` raised.
        """
        with self._seated(conversation_id, user_id) as waiter:
            gone = asyncio.ensure_future(hung_up())
            gone.add_done_callback(lambda done: done.cancelled() or done.exception())  # it may be that nobody asks
            try:
                return await self._look_on(look, waiter, gone, seconds)
            finally:
                gone.cancel()

    async def _look_on(
        self, look: Callable[[], Awaitable[Found[T]]], waiter: _Waiter, gone: "asyncio.Future[Any]", seconds: float
    ) -> Found[T]:
        ends_at = asyncio.get_running_loop().time() + seconds
        while True:
            waiter.woken.clear()
            found = await look()
            waiter.seen = found.seen
            left_s = ends_at - asyncio.get_running_loop().time()
            if found.enough or left_s <= 0 or self._loop is None:
                return found
            await _rest(waiter, gone, left_s)
            if gone.done():
                gone.result()
            if gone.done() or self._loop is None:
                return found

    @contextmanager
    def _seated(self, conversation_id: str, user_id: str) -> Iterator[_Waiter]:
        self._admit(user_id)
        waiter = _Waiter()
        self._of_user[user_id] += 1
        self.count += 1
        self._waiting.setdefault(conversation_id, set()).add(waiter)
        try:
            yield waiter
        finally:
            self._of_user[user_id] -= 1
            self.count -= 1
            if not self._of_user[user_id]:
                del self._of_user[user_id]
            self._waiting[conversation_id].discard(waiter)
            if not self._waiting[conversation_id]:
                del self._waiting[conversation_id]

    def _admit(self, user_id: str) -> None:
        if self._of_user[user_id] >= self._per_user:
            self.refused_users += 1
            raise TooManyWaits(self._per_user)
        if self.count >= self._most:
            self.refused_full += 1
            raise WaitsFull

    def _wake(self, conversation_id: str) -> None:
        for waiter in self._waiting.get(conversation_id, ()):
            waiter.woken.set()

    def _compare(self, found: Mapping[str, Pulse]) -> None:
        for conversation_id, pulse in found.items():
            for waiter in self._waiting.get(conversation_id, ()):
                seen = waiter.seen
                if seen is not None and (pulse.last_seq > seen.last_seq or pulse.version > seen.version):
                    waiter.woken.set()


async def _rest(waiter: _Waiter, gone: "asyncio.Future[Any]", seconds: float) -> None:
    woken: asyncio.Future[Any] = asyncio.ensure_future(waiter.woken.wait())
    both: set[asyncio.Future[Any]] = {woken, gone}
    try:
        await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        woken.cancel()


def _call(loop: asyncio.AbstractEventLoop, what: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # the loop ended meanwhile, and everybody's wait with it
        loop.call_soon_threadsafe(what)
