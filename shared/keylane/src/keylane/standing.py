"""What a worker has in hand at one moment, for whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from keylane.broker import TopicPartition
    from keylane.partition import Partition


@dataclass(frozen=True, slots=True)
class Held:
    """One partition that the worker owns.

    Attributes:
        unfinished: Fetched records that are not finished: queued, parked or running.
        oldest_s: Seconds since the oldest unfinished record was fetched; 0 when all are finished. A number that grows
            and grows is a stuck key.
        lag: Records in the log that are not finished; None until something was fetched.
        paused: Whether fetching waits.
    """

    tp: TopicPartition
    unfinished: int
    oldest_s: float
    lag: int | None
    paused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """One look at a worker.

    Attributes:
        running: Messages that are worked on now.
        parked: Keys that wait for a retry or for a server.
        polled_s: Seconds since the last sign of the poll task.
        partitions: Those owned.
        parts: Readiness by part.
        circuits: State of each breaker that ever counted an outage, and how often it has opened.
    """

    running: int
    parked: int
    polled_s: float
    partitions: tuple[Held, ...]
    parts: Mapping[str, bool]
    circuits: Mapping[str, tuple[str, int]]


def held(partitions: Iterable[Partition], ends: Mapping[TopicPartition, int], now: float) -> tuple[Held, ...]:
    """Look at each partition.

    Args:
        partitions: Those owned.
        ends: Where each partition's log ends, as far as the client knows.
        now: Monotonic seconds.
    """
    return tuple(_held(partition, ends.get(partition.tp), now) for partition in partitions)


def _held(partition: Partition, end: int | None, now: float) -> Held:
    oldest = partition.oldest_unfinished
    came = None if oldest is None else partition.arrivals.moment_of(oldest)
    following = partition.watermark if oldest is None else oldest
    return Held(
        partition.tp,
        partition.unfinished,
        0.0 if came is None else max(0.0, now - came),
        None if end is None or following is None else max(0, end - following),
        partition.paused,
    )
