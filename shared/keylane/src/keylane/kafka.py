"""The broker port on aiokafka: every call bounded, every error translated, no trap of the client left open."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener
from aiokafka import TopicPartition as KafkaTopicPartition
from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor
from aiokafka.errors import CommitFailedError, IllegalStateError, KafkaError, UnsupportedCodecError

from keylane.broker import TopicPartition
from keylane.connection import bounded, connection, unreached, words
from keylane.dismantle import dismantle, started
from keylane.errors import BrokerUnavailableError, CommitRefusedError, ConfigurationError
from keylane.feed import MAX_FETCH_BYTES, MAX_FETCH_WAIT_MS, Feed
from keylane.metadata import partition_counts
from keylane.producers import Producers
from keylane.rivals import Rivals
from keylane.scan import pick, scan
from keylane.settings import KafkaSettings, milliseconds

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence

    from keylane.broker import Listener, Publisher, Record, Subscription

MAX_REQUEST_BYTES: Final = 16 * 1024 * 1024
"""Largest record handed to the client: the broker's and the topic's own limits decide, not the client's 1 MB."""
NO_KEY: Final = object()
"""Stands for a null key: aiokafka refuses a record whose key and value are both None, Kafka does not."""


class KafkaBroker:
    """Kafka, as `settings` reach it.

    Args:
        settings: Servers, security and limits.
        assignors: Partition assignors, for tests. Round robin by default: it deals each topic out evenly, where the
            sticky one counts over all topics and may give one member the sources, another the idle replay topics.
    """

    def __init__(self, settings: KafkaSettings, *, assignors: Sequence[Any] = (RoundRobinPartitionAssignor,)) -> None:
        self._settings = settings
        self._assignors = tuple(assignors)

    def subscription(self, group: str, topics: Sequence[str], listener: Listener) -> Subscription:
        """A new member of `group`, not yet started."""
        return KafkaSubscription(self._settings, group, topics, listener, self._assignors)

    def publisher(self, *, compress: bool = False) -> Publisher:
        """A new idempotent producer; it connects at its first send."""
        return KafkaPublisher(self._settings, compress=compress)

    def scan(self, topic: str) -> AsyncIterator[Record]:
        """Every record that a topic holds now."""
        return scan(self._settings, topic)

    def pick(self, topic: str, batches: Iterable[Mapping[int, Collection[int]]]) -> AsyncGenerator[list[Record], None]:
        """Records of a topic by partition and offset, a list for each batch."""
        return pick(self._settings, topic, batches)

    async def partitions(self, topics: Iterable[str]) -> Mapping[str, int]:
        """Partition counts of those of `topics` that exist; never creates one."""
        return await partition_counts(self._settings, topics)


class KafkaSubscription:
    """A consumer without auto-commit whose records stay bytes."""

    def __init__(
        self,
        settings: KafkaSettings,
        group: str,
        topics: Sequence[str],
        listener: Listener,
        assignors: tuple[Any, ...],
    ) -> None:
        self._settings = settings
        self._group = group
        self._topics = list(topics)
        self._listener = listener
        self._assignors = assignors
        self._consumer: Any = None
        self._committing: asyncio.Task[None] | None = None
        self._rivals = (
            Rivals(settings.group_instance_id, settings.session_timeout.total_seconds())
            if settings.group_instance_id is not None
            else None
        )
        self._feed: Feed  # made with the consumer

    async def start(self) -> None:
        """Join the group; returns once partitions are assigned."""
        rebalance = (self._settings.drain_timeout + self._settings.request_timeout) * 2
        self._consumer = AIOKafkaConsumer(
            group_id=self._group,
            group_instance_id=self._settings.group_instance_id,
            enable_auto_commit=False,
            auto_offset_reset="none",  # the feed resets them, and says so
            session_timeout_ms=milliseconds(self._settings.session_timeout),
            heartbeat_interval_ms=milliseconds(self._settings.heartbeat_interval),
            rebalance_timeout_ms=milliseconds(rebalance),
            partition_assignment_strategy=self._assignors,
            max_partition_fetch_bytes=MAX_FETCH_BYTES,
            fetch_max_wait_ms=MAX_FETCH_WAIT_MS,
            **connection(self._settings),
        )
        self._feed = Feed(self._consumer, self._listener.skipped)
        self._consumer.subscribe(self._topics, listener=_Bridge(self._listener, self._begin))
        try:
            await started(self._consumer.start())
        except (KafkaError, OSError) as exc:
            raise BrokerUnavailableError(unreached(self._settings, exc)) from exc

    async def poll(self, *, max_records: int, timeout_s: float) -> Mapping[TopicPartition, Sequence[Record]]:
        """Records of partitions that are not paused."""
        if self._rivals is not None:
            self._rivals.check()
        try:
            return await self._feed.poll(max_records=max_records, timeout_s=timeout_s)
        except UnsupportedCodecError as exc:  # no other membership could read it either
            raise ConfigurationError(
                f"a topic of group {self._group} holds records that cannot be decompressed here: {words(exc)}"
                " (install cramjam, or let its producers use gzip or nothing)"
            ) from exc
        except KafkaError as exc:
            raise BrokerUnavailableError(words(exc)) from exc

    def end(self, tp: TopicPartition) -> int | None:
        """The end of the log, as of the last fetch."""
        if tp not in self._consumer.assignment():
            return None
        end: int | None = self._consumer.highwater(KafkaTopicPartition(*tp))
        return end

    def position(self, tp: TopicPartition) -> int | None:
        """The offset after all that was delivered."""
        return self._feed.position(tp)

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Stop fetching these."""
        self._consumer.pause(*self._owned(partitions))

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Fetch these again."""
        self._consumer.resume(*self._owned(partitions))

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit explicit offsets, within the request timeout: with the broker away aiokafka's commit never returns.

        One that is overdue is not cancelled, as aiokafka shields the request in it, but waited for by the next.
        """
        try:
            async with asyncio.timeout(self._settings.request_timeout.total_seconds()):
                if self._committing is not None:
                    await asyncio.wait([self._committing])
                committing = self._consumer.commit({KafkaTopicPartition(*tp): offset for tp, offset in offsets.items()})
                self._committing = asyncio.get_running_loop().create_task(committing)
                self._committing.add_done_callback(_retrieved)
                await asyncio.wait([self._committing])
            if self._committing.cancelled():  # from within, as aiokafka does with the broker away
                raise BrokerUnavailableError("commit: the client gave up without a word")
            self._committing.result()
        except (CommitFailedError, IllegalStateError) as exc:
            raise CommitRefusedError(words(exc)) from exc
        except (KafkaError, TimeoutError, OSError) as exc:
            raise BrokerUnavailableError(f"commit: {words(exc)}") from exc

    async def close(self, *, timeout_s: float) -> None:
        """Leave the group; stop() of aiokafka may hang or be cancelled from within, so it is bounded and finished."""
        if self._consumer is not None:
            await bounded(self._consumer.stop(), timeout_s=timeout_s)
            await dismantle(self._consumer)
        if self._committing is not None:
            await bounded(self._committing, timeout_s=0.05)  # time for its request to fail, which nobody else awaits

    def _begin(self) -> None:
        self._feed.begin()
        if self._rivals is not None:
            self._rivals.joined(self._consumer._coordinator.member_id)  # noqa: SLF001  told nowhere else

    def _owned(self, partitions: Iterable[TopicPartition]) -> list[Any]:
        owned = self._consumer.assignment()
        return [KafkaTopicPartition(*tp) for tp in partitions if tp in owned]


class KafkaPublisher:
    """An idempotent producer that is built at its first send, and anew after a failure."""

    def __init__(self, settings: KafkaSettings, *, compress: bool = False) -> None:
        self._settings = settings
        self._compress = compress
        self._producers = Producers(self._build)

    async def send(
        self, topic: str, *, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
    ) -> asyncio.Future[None]:
        """Hand one record over, within the request timeout: a send to a missing topic would wait for ever."""
        try:
            async with asyncio.timeout(self._settings.request_timeout.total_seconds()):
                sent = await self._producers.send(
                    topic, key=NO_KEY if key is None else key, value=value, headers=list(headers)
                )
        except (KafkaError, TimeoutError, OSError) as exc:
            hint = "" if self._producers.may_have(topic) else ", no broker has told of this topic: is it missing?"
            raise BrokerUnavailableError(f"send to {topic}: {words(exc)}{hint}") from exc
        return _acknowledged(sent, topic)

    async def close(self, *, timeout_s: float) -> None:
        """Flush and disconnect."""
        await self._producers.close(timeout_s=timeout_s)

    def _build(self) -> Any:
        return AIOKafkaProducer(
            enable_idempotence=True,
            acks="all",
            linger_ms=0,
            compression_type="gzip" if self._compress else None,
            max_request_size=MAX_REQUEST_BYTES,
            key_serializer=_key_bytes,
            **connection(self._settings),
        )


class _Bridge(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka ships no types
    def __init__(self, listener: Listener, begin: Callable[[], None]) -> None:
        self._listener = listener
        self._begin = begin

    async def on_partitions_revoked(self, revoked: Collection[Any]) -> None:
        await self._listener.revoked([TopicPartition(*tp) for tp in revoked])

    async def on_partitions_assigned(self, assigned: Collection[Any]) -> None:
        self._begin()
        await self._listener.assigned([TopicPartition(*tp) for tp in assigned])


def _retrieved(done: asyncio.Future[Any]) -> None:
    """Whoever stopped waiting gets no complaint from the loop."""
    if not done.cancelled():
        done.exception()


def _key_bytes(key: Any) -> bytes | None:
    return None if key is NO_KEY else key


def _acknowledged(sent: asyncio.Future[Any], topic: str) -> asyncio.Future[None]:
    outcome: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def settle(done: asyncio.Future[Any]) -> None:
        error = None if done.cancelled() else done.exception()
        if outcome.done():
            return
        if done.cancelled() or error is not None:
            outcome.set_exception(BrokerUnavailableError(f"send to {topic}: {words(error)}"))
            outcome.exception()  # retrieved: whoever stopped waiting gets no complaint from the loop
        else:
            outcome.set_result(None)

    sent.add_done_callback(settle)
    return outcome
