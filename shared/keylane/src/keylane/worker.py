"""The worker: one poll task, lanes, commits of finished prefixes, and a bounded way out."""

from __future__ import annotations

import asyncio
import logging
import os
import random
import socket
import time
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from keylane.errors import (
    BrokerUnavailableError,
    CommitRefusedError,
    ConfigurationError,
    FencedError,
    StoreUnavailableError,
)
from keylane.handlers import Handlers
from keylane.health import Health
from keylane.kafka import KafkaBroker
from keylane.lanes import Lanes, Order
from keylane.letters import dead_letter_topic
from keylane.partition import Partition
from keylane.processor import Counts, Processor
from keylane.retry import RetryPolicy, outage_delay_s
from keylane.settings import KafkaSettings
from keylane.threads import Threads

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence

    from keylane.broker import Broker, Subscription, TopicPartition
    from keylane.inbox import Claim, Inbox
    from keylane.message import Handler

log = logging.getLogger("keylane")

POLL_S: Final = 0.2
"""Longest wait of one poll, in seconds."""
POLL_RECORDS: Final = 500
"""Most records taken by one poll: how far a partition may overshoot its bounds."""
REFUSED_PAUSE_S: Final = 1.0
"""Pause after a refused commit, in seconds: the member is rejoining, and asking again at once does not help."""
ORDERS: Final = ("key", "partition", "none")


def utc_now() -> datetime:
    """The default clock."""
    return datetime.now(UTC)


class Worker:
    """Runs the events of some topics through handlers: at least once, in order per key, effects once.

    `run()` returns after `stop()`. A worker is used once.

    Args:
        group: The consumer group: all its workers share the work.
        topics: Topics to read. Their dead letters go to `<topic>.<group>.dlq`, which must exist too.
        handlers: By event type. Effects must be keyed by `message.id`, or carry `message.fence` in their filter.
        ignored: Event types of these topics that this group does not want.
        inbox: The idempotency store.
        retry: Attempts and backoff.
        order: `key` (default), `partition` or `none`.
        concurrency: Handlers that run at one time.
        settings: How to reach Kafka.
        broker: Instead of Kafka, for tests.
        lease: How long a claim lasts without renewal; a dead owner's messages wait that long.
        outages: Exceptions of handlers that mean a server is away: such a run is repeated and never counted.
        app_version: Written into dead letters.
        clock: Aware UTC time, for what is recorded.
        jitter: Source of the jitter of waits.

    Raises:
        ConfigurationError: What was given can never work.
    """

    def __init__(  # noqa: PLR0913  the one public entrance: each option has a name and a default
        self,
        group: str,
        topics: Sequence[str],
        handlers: Mapping[str, Handler],
        *,
        inbox: Inbox,
        ignored: Collection[str] = (),
        retry: RetryPolicy | None = None,
        order: Order = "key",
        concurrency: int = 64,
        settings: KafkaSettings | None = None,
        broker: Broker | None = None,
        lease: timedelta = timedelta(seconds=30),
        outages: Sequence[type[Exception]] = (),
        app_version: str = "",
        clock: Callable[[], datetime] = utc_now,
        jitter: random.Random | None = None,
    ) -> None:
        _check(group, topics, handlers, ignored, order, concurrency, lease)
        self.group = group
        self.topics = tuple(topics)
        self.owner = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self._settings = settings or KafkaSettings()
        self._retry = retry or RetryPolicy()
        self._broker = broker or KafkaBroker(self._settings)
        self._inbox = inbox
        self._lease = lease
        self._threads = Threads(f"keylane-{group}", concurrency)
        self._health = Health(f"worker {group}")
        self._jitter = jitter or random.Random()
        self._publisher = self._broker.publisher(compress=True)
        self._processor = Processor(
            group=group,
            owner=self.owner,
            handlers=Handlers(handlers, threads=self._threads, timeout_s=self._retry.timeout.total_seconds()),
            ignored=frozenset(ignored),
            inbox=inbox,
            retry=self._retry,
            lease=lease,
            publisher=self._publisher,
            health=self._health,
            clock=clock,
            outages=tuple(outages),
            app_version=app_version,
            jitter=self._jitter,
        )
        self._lanes = Lanes(self._processor.run, order=order, concurrency=concurrency)
        self._owned: dict[TopicPartition, Partition] = {}
        self._subscription: Subscription | None = None
        self._committing = asyncio.Lock()
        self._commit_after = 0.0
        self._stopping = asyncio.Event()
        self._deadline = float("inf")
        self._main: asyncio.Task[None] | None = None
        self._ticked_at = time.monotonic()
        self._health.note("broker", "not started")

    # --- for programs ------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Joined, the store reachable, dead letters writable."""
        return self._health.ready

    @property
    def why_unready(self) -> str:
        """One line; empty when ready."""
        return self._health.why_unready

    @property
    def alive(self) -> bool:
        """Whether the poll task has ticked lately; false means: restart this process."""
        return time.monotonic() - self._ticked_at < max(30.0, 2 * self._settings.request_timeout.total_seconds())

    @property
    def counts(self) -> Counts:
        """What happened so far, by outcome."""
        return self._processor.counts

    @property
    def needed_topics(self) -> list[str]:
        """The topics that must exist before the worker starts."""
        return [*self.topics, *(dead_letter_topic(topic, self.group) for topic in self.topics)]

    async def run(self) -> None:
        """Work until `stop()`; servers that are away are waited for.

        Raises:
            ConfigurationError: A topic does not exist, or the store or the group can never work as configured.
        """
        if self._main is not None:
            raise ConfigurationError(f"worker {self.group} was run before: build a new one")
        self._main = asyncio.get_running_loop().create_task(self._live(), name=f"keylane-{self.group}")
        try:
            await asyncio.shield(self._main)
        except asyncio.CancelledError:
            await self.stop()
            raise

    def request_stop(self) -> None:
        """Begin to stop, for signal handlers; `run()` returns when it is done."""
        if not self._stopping.is_set():
            self._deadline = time.monotonic() + self._settings.stop_timeout.total_seconds()
            self._stopping.set()

    async def stop(self) -> None:
        """Finish what is running, commit, leave the group; returns within `stop_timeout` whatever the servers do."""
        self.request_stop()
        if self._main is None or self._main is asyncio.current_task():
            return
        await asyncio.wait([self._main], timeout=self._left())
        if not self._main.done():
            self._main.cancel()
            await asyncio.wait([self._main], timeout=1.0)

    # --- life --------------------------------------------------------------------------------------------------

    async def _live(self) -> None:
        renewing = asyncio.get_running_loop().create_task(self._renew_leases())
        try:
            await self._wait_for_topics()
            await self._wait_for_store()
            await self._consume()
        finally:
            await self._shut_down(renewing)

    async def _wait_for_topics(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            self._tick()
            try:
                found = await self._broker.partitions(self.needed_topics)
            except BrokerUnavailableError as exc:
                tries += 1
                self._health.trouble("broker", str(exc))
                await self._rest(outage_delay_s(tries, jitter=self._jitter))
                continue
            missing = [topic for topic in self.needed_topics if topic not in found]
            if missing:
                raise ConfigurationError(f"missing topic {', '.join(missing)}: create it before starting the worker")
            return

    async def _wait_for_store(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            self._tick()
            try:
                await self._inbox.ping()
            except StoreUnavailableError as exc:
                tries += 1
                self._health.trouble("store", str(exc))
                await self._rest(outage_delay_s(tries, jitter=self._jitter))
            else:
                self._health.well("store")
                return

    async def _consume(self) -> None:
        tries = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            try:
                await self._member()
            except BrokerUnavailableError as exc:
                tries = 1 if time.monotonic() - started > 60 else tries + 1  # noqa: PLR2004  a minute of peace
                self._health.trouble("broker", str(exc))
                await self._rest(outage_delay_s(tries, jitter=self._jitter))

    async def _member(self) -> None:
        """One membership, from joining to leaving."""
        self._subscription = subscription = self._broker.subscription(self.group, self.topics, self)
        committing = None
        try:
            await self._unless_stopping(subscription.start())
            if not self._stopping.is_set():
                self._health.well("broker")
                committing = asyncio.get_running_loop().create_task(self._commit_regularly())
                await self._poll(subscription)
        finally:
            if committing is not None:
                committing.cancel()
                await asyncio.wait([committing], timeout=1.0)
            await self._leave(subscription)

    async def _poll(self, subscription: Subscription) -> None:
        while not self._stopping.is_set():
            self._tick()
            batch = await subscription.poll(max_records=POLL_RECORDS, timeout_s=POLL_S)
            for tp, records in batch.items():
                partition = self._owned.get(tp)
                if partition is None or partition.revoked:
                    continue
                for record in records:
                    self._lanes.offer(partition, record)
            self._throttle(subscription)
            await asyncio.sleep(0)

    def _throttle(self, subscription: Subscription) -> None:
        """Pause partitions that are full; resume them at half, so that they do not flicker."""
        for partition in self._owned.values():
            if partition.full and not partition.paused:
                partition.paused = True
                subscription.pause([partition.tp])
            elif partition.paused and partition.has_room:
                partition.paused = False
                subscription.resume([partition.tp])

    # --- rebalances --------------------------------------------------------------------------------------------

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """Begin a new epoch for each of these partitions."""
        for tp in partitions:
            self._owned[tp] = Partition(tp)
        log.info("%s owns %d partitions", self.group, len(self._owned), extra={"action": "assigned"})

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        """Let running handlers end, settle what is held, commit, and forget the partitions."""
        going = [self._owned[tp] for tp in partitions if tp in self._owned]
        await self._hand_over(going, drain_s=self._settings.drain_timeout.total_seconds())

    async def _hand_over(self, going: list[Partition], *, drain_s: float) -> None:
        self._lanes.withdraw(going)
        if not await self._lanes.drained(going, timeout_s=drain_s):
            self._lanes.interrupt(going)
            await self._lanes.drained(going, timeout_s=min(2.0, max(0.1, drain_s)))
        for lane in list(self._lanes.parked(going)):
            await self._processor.let_go(lane)
        await self._commit(going)
        for partition in going:
            if self._owned.get(partition.tp) is partition:
                del self._owned[partition.tp]

    # --- commits -----------------------------------------------------------------------------------------------

    async def _commit_regularly(self) -> None:
        while True:
            await asyncio.sleep(self._settings.commit_interval.total_seconds())
            if time.monotonic() >= self._commit_after:
                await self._commit(list(self._owned.values()))

    async def _commit(self, partitions: Collection[Partition]) -> None:
        """Commit the finished prefixes of partitions owned in this epoch; a refusal costs redeliveries only."""
        async with self._committing:
            due = {
                partition: offset
                for partition in partitions
                if self._owned.get(partition.tp) is partition and (offset := partition.to_commit) is not None
            }
            if not due or self._subscription is None:
                return
            try:
                await self._subscription.commit({partition.tp: offset for partition, offset in due.items()})
            except CommitRefusedError as exc:
                self._commit_after = time.monotonic() + REFUSED_PAUSE_S
                log.info("commit refused: %s", exc, extra={"action": "commit_refused"})
            except BrokerUnavailableError as exc:
                self._health.trouble("commits", str(exc))
            else:
                self._health.well("commits")
                for partition, offset in due.items():
                    partition.committed = offset

    # --- leases ------------------------------------------------------------------------------------------------

    async def _renew_leases(self) -> None:
        """Renew claims that were already held one round ago; most runs end sooner and never need it."""
        seen: dict[str, Claim] = {}
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            for key, claim in list(self._processor.held.items()):
                if seen.get(key) is claim and self._processor.held.get(key) is claim:
                    await self._renew(claim)
            seen = dict(self._processor.held)

    async def _renew(self, claim: Claim) -> None:
        try:
            await self._inbox.renew(claim, lease=self._lease)
        except FencedError:
            log.warning("%s: the lease was lost while it ran", claim.key, extra={"action": "lease_lost"})
        except StoreUnavailableError as exc:
            self._health.trouble("store", str(exc))

    # --- the way out -------------------------------------------------------------------------------------------

    async def _leave(self, subscription: Subscription) -> None:
        """Hand everything over and leave, within what is left of the deadline."""
        budget = min(self._left(), self._settings.stop_timeout.total_seconds())
        drain = min(self._settings.drain_timeout.total_seconds(), budget * 0.5)
        handing = asyncio.get_running_loop().create_task(
            self._hand_over(list(self._owned.values()), drain_s=drain if self._stopping.is_set() else 0.0)
        )
        await asyncio.wait([handing], timeout=budget * 0.7)
        if not handing.done():
            handing.cancel()
        elif (error := handing.exception()) is not None:
            log.error("handing over failed: %s", error, exc_info=error, extra={"action": "defect"})
        self._owned.clear()
        await subscription.close(timeout_s=max(0.2, min(self._left() * 0.5, budget * 0.2)))
        self._subscription = None

    async def _shut_down(self, renewing: asyncio.Task[None]) -> None:
        self._health.note("broker", "stopped")
        await self._lanes.close()
        if self._processor.orphans:
            await asyncio.wait(self._processor.orphans, timeout=max(0.0, min(self._left() * 0.3, 5.0)))
        renewing.cancel()
        await asyncio.wait([renewing], timeout=0.5)
        await self._publisher.close(timeout_s=max(0.2, min(self._left() * 0.3, 5.0)))
        self._threads.close()

    def _left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _tick(self) -> None:
        self._ticked_at = time.monotonic()

    async def _rest(self, seconds: float) -> None:
        """Sleep, but no longer than until a stop is asked for."""
        waiting = asyncio.get_running_loop().create_task(self._stopping.wait())
        await asyncio.wait([waiting], timeout=seconds)
        waiting.cancel()

    async def _unless_stopping(self, coroutine: Coroutine[None, None, None]) -> None:
        """Await it, but abandon it when a stop is asked for."""
        loop = asyncio.get_running_loop()
        work, stop = loop.create_task(coroutine), loop.create_task(self._stopping.wait())
        try:
            while not work.done() and not stop.done():
                self._tick()
                await asyncio.wait([work, stop], timeout=1.0, return_when=asyncio.FIRST_COMPLETED)
        finally:
            stop.cancel()
            if not work.done():
                work.cancel()
                await asyncio.wait([work], timeout=1.0)
        if work.done() and not work.cancelled():
            work.result()


def _check(
    group: str,
    topics: Sequence[str],
    handlers: Mapping[str, Handler],
    ignored: Collection[str],
    order: str,
    concurrency: int,
    lease: timedelta,
) -> None:
    if not group:
        raise ConfigurationError("a worker needs a group name")
    if isinstance(topics, str) or not topics or not all(topics):
        raise ConfigurationError(f"worker {group} has no topics: give a list of topic names")
    if not handlers:
        raise ConfigurationError(f"worker {group} has no handler: give at least one event type with its function")
    for type_, handler in handlers.items():
        if not callable(handler):
            raise ConfigurationError(f"worker {group}: the handler of {type_!r} cannot be called")
    if both := sorted(set(ignored) & set(handlers)):
        raise ConfigurationError(f"worker {group} both handles and ignores {', '.join(both)}")
    if order not in ORDERS:
        raise ConfigurationError(f"worker {group}: order is {order!r}, expected one of {', '.join(ORDERS)}")
    if concurrency < 1:
        raise ConfigurationError(f"worker {group}: concurrency is {concurrency}, it must be at least 1")
    if lease <= timedelta(0):
        raise ConfigurationError(f"worker {group}: lease is {lease}, it must be a positive duration")
