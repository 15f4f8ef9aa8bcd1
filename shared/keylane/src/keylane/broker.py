"""The port between the runtime and a log: Kafka, or the in-memory broker of keylane.testing."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, AsyncIterator, Collection, Iterable, Mapping, Sequence

RawHeaders = tuple[tuple[str, bytes | None], ...]
"""Names may repeat and values may be null."""


class UnreadableHeaders(tuple[tuple[str, bytes | None], ...]):
    r"""Headers with a name that is not UTF-8; its bytes that are not are spelled `\xff`."""

    __slots__ = ()


class TopicPartition(NamedTuple):
    """One partition of one topic."""

    topic: str
    partition: int


class Record(Protocol):
    """A record as fetched: bytes, never decoded by the client."""

    @property
    def topic(self) -> str: ...  # noqa: D102  the record's own coordinates need no words
    @property
    def partition(self) -> int: ...  # noqa: D102  as topic
    @property
    def offset(self) -> int: ...  # noqa: D102  as topic
    @property
    def timestamp(self) -> int:
        """Milliseconds since 1970, UTC."""
        ...

    @property
    def key(self) -> bytes | None: ...  # noqa: D102  as topic
    @property
    def value(self) -> bytes | None: ...  # noqa: D102  as topic
    @property
    def headers(self) -> Sequence[tuple[str, bytes | None]]: ...  # noqa: D102  as topic


class Listener(Protocol):
    """Told about a group's rebalances, while records are still being polled."""

    async def assigned(self, partitions: Collection[TopicPartition]) -> None:
        """These partitions are now this member's, from their committed offsets on."""

    async def revoked(self, partitions: Collection[TopicPartition]) -> None:
        """These partitions are about to be another member's; offsets may still be committed until this returns."""

    def skipped(self, tp: TopicPartition, first: int, next_: int) -> None:
        """Offsets from `first` up to `next_` were deleted by retention before they were read."""


class Subscription(Protocol):
    """A member of a consumer group."""

    async def start(self) -> None:
        """Join the group; returns once partitions are assigned.

        Raises:
            BrokerUnavailableError: The broker is away.
        """

    async def poll(self, *, max_records: int, timeout_s: float) -> Mapping[TopicPartition, Sequence[Record]]:
        """Records of partitions that are not paused, in log order; empty after `timeout_s`.

        Raises:
            BrokerUnavailableError: The membership is beyond repair: close this one and build another.
            ConfigurationError: Another process has the same `group_instance_id`.
        """
        ...

    def end(self, tp: TopicPartition) -> int | None:
        """Where the log of a partition ends, as of its last fetch; None when that is not known."""
        ...

    def position(self, tp: TopicPartition) -> int | None:
        """The offset after all that polls have returned of a partition, past offsets that hold no record.

        To be asked between two polls. None when the partition is not owned, or its position is not known yet.
        """
        ...

    def pause(self, partitions: Iterable[TopicPartition]) -> None:
        """Stop fetching these; partitions not owned are ignored."""

    def resume(self, partitions: Iterable[TopicPartition]) -> None:
        """Fetch these again; partitions not owned are ignored."""

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Make these the offsets that the group continues from.

        Raises:
            CommitRefusedError: The group has moved on.
            BrokerUnavailableError: No answer within the time limit.
        """

    async def close(self, *, timeout_s: float) -> None:
        """Leave the group; always returns within `timeout_s` and never raises."""


class Publisher(Protocol):
    """Writes records, each acknowledged by all in-sync replicas."""

    async def send(
        self, topic: str, *, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
    ) -> asyncio.Future[None]:
        """Hand one record to the client.

        A record handed over may be written at any later time, so wait on the same future again rather than send
        again. The future raises `BrokerUnavailableError` when the record was not acknowledged.

        Raises:
            BrokerUnavailableError: The record was not handed over and never will be written.
        """
        ...

    async def close(self, *, timeout_s: float) -> None:
        """Flush and disconnect; always returns within `timeout_s` and never raises."""


class Broker(Protocol):
    """Where subscriptions and publishers come from."""

    def subscription(self, group: str, topics: Sequence[str], listener: Listener) -> Subscription:
        """A new member of `group`, not yet started."""
        ...

    def publisher(self, *, compress: bool = False) -> Publisher:
        """A new publisher; it connects at its first send. Compressed, a large letter fits where its original did."""
        ...

    def scan(self, topic: str) -> AsyncIterator[Record]:
        """Every record that a topic holds now, in order per partition, outside of any group.

        Raises:
            ConfigurationError: The topic does not exist.
            BrokerUnavailableError: The broker is away.
        """
        ...

    def pick(self, topic: str, batches: Iterable[Mapping[int, Collection[int]]]) -> AsyncGenerator[list[Record], None]:
        """Records of a topic by partition and offset, a list for each batch, outside of any group.

        A list is in order per partition, and without records that are gone.

        Raises:
            ConfigurationError: The topic does not exist.
            BrokerUnavailableError: The broker is away.
        """
        ...

    async def partitions(self, topics: Iterable[str]) -> Mapping[str, int]:
        """Partition counts of those of `topics` that exist.

        Raises:
            BrokerUnavailableError: The broker is away.
        """
        ...
