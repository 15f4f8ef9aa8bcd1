"""Wrappers over a worker's ports that note what really happened there, for the judge."""

import asyncio
import time
from collections.abc import Awaitable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, cast

from keylane import FencedError, Handler, Inbox, Message
from keylane.broker import Broker, Listener, Record, Subscription, TopicPartition
from keylane.handlers import is_async
from keylane.inbox import Claim, Settled
from keylane.letters import EXHAUSTED, FATAL
from keylane.testing import FaultyInbox

from .fates import fail_if_due, lingers_s
from .runlog import RunLog

OUTCOMES = {"finish": "finished", "dead": "dead", "fail": "counted", "bury": "counted", "release": "released"}
"""Method of the inbox -> what its return proves."""


FAILURES = (EXHAUSTED, FATAL)
"""Reasons of a burial that a failed run led to."""


class RecordingInbox(FaultyInbox):
    """Notes each answer of the inbox as soon as it is there."""

    def __init__(self, inbox: Inbox, log: RunLog) -> None:
        super().__init__(inbox)
        self._log = log

    async def _call(self, method: str, *args: Any, **named: Any) -> Any:
        asked = time.monotonic()
        try:
            answer = await super()._call(method, *args, **named)
        except FencedError:
            self._log.note("fenced", id=_event_id(args[0].key), fence=args[0].fence, step=method)
            raise
        if method == "claim":
            self._claimed(args[0], answer, asked)
        elif method in OUTCOMES:
            self._ended(method, args)
        return answer

    def _claimed(self, key: str, answer: object, asked: float) -> None:
        if isinstance(answer, Settled):
            self._log.note("settled", id=_event_id(key), state=answer.state)
        elif isinstance(answer, Claim):
            self._log.note("claimed", id=_event_id(key), fence=answer.fence, attempts=answer.attempts, asked=asked)

    def _ended(self, method: str, args: tuple[Any, ...]) -> None:
        claim: Claim = args[0]
        if method == "bury" and args[1].reason not in FAILURES:
            return
        attempts = args[1].attempts if method == "bury" else claim.attempts + 1
        self._log.note(OUTCOMES[method], id=_event_id(claim.key), fence=claim.fence, attempts=attempts)


def recording_broker(broker: Broker, log: RunLog) -> Broker:
    """The broker, whose subscriptions note assignments, deliveries and commits."""
    return cast("Broker", _Broker(broker, log))


def recording_handlers(handlers: Mapping[str, Handler], log: RunLog) -> dict[str, Handler]:
    """The handlers, those on the loop stay there; each run is noted, lasts and fails as is in store for its event."""
    return {type_: _on_loop(one, log) if is_async(one) else _in_thread(one, log) for type_, one in handlers.items()}


def _in_thread(handler: Handler, log: RunLog) -> Handler:
    def run(message: Message) -> Any:
        with _noted(message, log):
            time.sleep(lingers_s(message.id))
            return handler(message)

    return run


def _on_loop(handler: Handler, log: RunLog) -> Handler:
    async def run(message: Message) -> None:
        with _noted(message, log):
            await asyncio.sleep(lingers_s(message.id))
            await cast("Awaitable[None]", handler(message))

    return run


@contextmanager
def _noted(message: Message, log: RunLog) -> Iterator[None]:
    log.note("ran", id=message.id, attempt=message.attempt, fence=message.fence)
    try:
        fail_if_due(message.id, message.attempt)
        yield
    except Exception as exc:
        log.note("failed", id=message.id, fence=message.fence, error=type(exc).__name__)
        raise


class _Broker:
    def __init__(self, broker: Broker, log: RunLog) -> None:
        self._broker = broker
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._broker, name)

    def subscription(self, group: str, topics: Sequence[str], listener: Listener) -> Subscription:
        heard = cast("Listener", _Listener(listener, self._log))
        return cast("Subscription", _Subscription(self._broker.subscription(group, topics, heard), self._log))


class _Listener:
    def __init__(self, listener: Listener, log: RunLog) -> None:
        self._listener = listener
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._listener, name)

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        await self._listener.assigned(partitions)
        self._log.note("assigned", partitions=[_name(tp) for tp in partitions])

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        await self._listener.revoked(partitions)
        self._log.note("revoked", partitions=[_name(tp) for tp in partitions])


class _Subscription:
    def __init__(self, subscription: Subscription, log: RunLog) -> None:
        self._subscription = subscription
        self._log = log

    def __getattr__(self, name: str) -> Any:
        return getattr(self._subscription, name)

    async def poll(self, *, max_records: int, timeout_s: float) -> Mapping[TopicPartition, Sequence[Record]]:
        batch = await self._subscription.poll(max_records=max_records, timeout_s=timeout_s)
        for tp, records in batch.items():  # without gaps: nobody here uses transactions or compaction
            self._log.note("fetched", partition=_name(tp), first=records[0].offset, last=records[-1].offset)
        return batch

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self._log.note("commit", offsets={_name(tp): offset for tp, offset in offsets.items()})
        await self._subscription.commit(offsets)


def _name(tp: TopicPartition) -> str:
    return f"{tp[0]}/{tp[1]}"


def _event_id(key: str) -> str:
    """Of the inbox's key, `<group>:<event id>`."""
    return key.rpartition(":")[2]
