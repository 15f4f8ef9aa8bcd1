"""Deliberate defects, each of one kind that the judge must find. Nothing outside this program can switch them on."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, cast

from keylane import Inbox, MemoryInbox, StoreUnavailableError
from keylane.broker import Broker, Listener, Publisher, Record, Subscription, TopicPartition
from keylane.inbox import Claim
from keylane.letters import EXHAUSTED
from keylane.testing import FaultyInbox

from .orders import LEASE, Broken


def broken_inbox(inbox: Inbox, broken: Broken | None) -> Inbox:
    """The inbox, or what a careless worker has instead."""
    if broken is Broken.NO_INBOX:
        return MemoryInbox()
    careless: Mapping[Broken | None, type[FaultyInbox]] = {
        Broken.FORGETFUL: _Forgetful,
        Broken.COUNTS_CUTS: _CountsCuts,
        Broken.CLINGING: _Clinging,
    }
    return careless[broken](inbox) if broken in careless else inbox


def broken_broker(broker: Broker, broken: Broken | None) -> Broker:
    """The broker, or one that is used carelessly."""
    if broken is Broken.EAGER_COMMIT:
        return cast("Broker", _Eager(broker))
    if broken is Broken.LOST_LETTERS:
        return cast("Broker", _BadPost(broker, _swallow))
    return cast("Broker", _BadPost(broker, _alter)) if broken is Broken.ALTERED_LETTERS else broker


def broken_options(broken: Broken | None) -> dict[str, Any]:
    """Options of the worker."""
    return {"order": "none"} if broken is Broken.NO_ORDER else {}


class _Forgetful(FaultyInbox):
    async def _call(self, method: str, *args: Any, **named: Any) -> Any:
        if method == "fail" or (method == "bury" and args[1].reason == EXHAUSTED):
            return await super()._call("release", args[0])
        return await super()._call(method, *args, **named)


class _CountsCuts(FaultyInbox):
    async def _call(self, method: str, *args: Any, **named: Any) -> Any:
        if method == "release":
            return await super()._call("fail", args[0], at=datetime.now(UTC))
        return await super()._call(method, *args, **named)


class _Clinging(FaultyInbox):
    def __init__(self, inbox: Inbox) -> None:
        super().__init__(inbox)
        self._kept: list[asyncio.Task[None]] = []

    async def _call(self, method: str, *args: Any, **named: Any) -> Any:
        if method == "release":
            self._kept.append(asyncio.get_running_loop().create_task(self._keep(args[0])))
            return None
        return await super()._call(method, *args, **named)

    async def _keep(self, claim: Claim) -> None:
        while True:
            with suppress(StoreUnavailableError):
                await super()._call("renew", claim, lease=LEASE)
            await asyncio.sleep(LEASE.total_seconds() / 4)


class _Careless:
    """Forwards what it does not spoil."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)


class _Eager(_Careless):
    def subscription(self, group: str, topics: Sequence[str], listener: Listener) -> Subscription:
        return cast("Subscription", _EagerSubscription(self._inner.subscription(group, topics, listener)))


class _EagerSubscription(_Careless):
    async def poll(self, *, max_records: int, timeout_s: float) -> Mapping[TopicPartition, Sequence[Record]]:
        batch: Mapping[TopicPartition, Sequence[Record]] = await self._inner.poll(
            max_records=max_records, timeout_s=timeout_s
        )
        if batch:
            await self._inner.commit({tp: records[-1].offset + 1 for tp, records in batch.items()})
        return batch


Send = Callable[..., Any]


class _BadPost(_Careless):
    def __init__(self, inner: Any, send: Send) -> None:
        super().__init__(inner)
        self._send = send

    def publisher(self, *, compress: bool = False) -> Publisher:
        return cast("Publisher", _BadPublisher(self._inner.publisher(compress=compress), self._send))


class _BadPublisher(_Careless):
    def __init__(self, inner: Any, send: Send) -> None:
        super().__init__(inner)
        self._send = send

    async def send(self, topic: str, **parts: Any) -> Any:
        return await self._send(self._inner, topic, parts)


async def _swallow(_publisher: Publisher, _topic: str, _parts: dict[str, Any]) -> Any:
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    done.set_result(None)
    return done


async def _alter(publisher: Publisher, topic: str, parts: dict[str, Any]) -> Any:
    return await publisher.send(topic, **{**parts, "value": (parts["value"] or b"") + b" "})
