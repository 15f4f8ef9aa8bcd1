"""What was fetched and has no lane yet: most records are finished here, in log order, and never get one."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from keylane.lane import Head, Lane

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from keylane.broker import Record
    from keylane.partition import Partition

    Swift = Callable[[Record, float], float | Head | None]
    """Takes a record whose key has no lane, and when it was fetched. Returns when it was done, in monotonic seconds;
    or the head of what was begun; or None for a lane from the start."""

Order = Literal["key", "partition", "none"]
TURN: Final = 32
"""Records taken in one go at most, before a lane that is ready has its turn."""


@dataclass(slots=True, eq=False)
class _Batch:
    partition: Partition
    records: Sequence[Record]
    came: float
    weight: int
    place: int = 0


class Intake:
    """Takes records from batches, in order, and opens lanes.

    Args:
        swift: What finishes most records at once.
        order: Which records share a lane. Without a key a record has a lane of its own.
        ready: Where a lane goes that could not be given to who asked for it.

    Attributes:
        lanes: The open ones.
    """

    def __init__(self, swift: Swift, order: Order, ready: deque[Lane]) -> None:
        self._swift = swift
        self._order = order
        self._ready = ready
        self._batches: deque[_Batch] = deque()
        self.lanes: dict[Partition, dict[bytes | int, Lane]] = {}

    def __len__(self) -> int:
        """Batches that are not worked off."""
        return len(self._batches)

    def offer(self, partition: Partition, records: Sequence[Record]) -> None:
        """Queue fetched records behind all others; those of a withdrawn partition never run."""
        if not partition.revoked and records:
            now = time.monotonic()
            self._batches.append(_Batch(partition, records, now, partition.came(records, now)))

    def withdraw(self, partitions: Collection[Partition]) -> None:
        """Forget what these partitions still have here."""
        for batch in [batch for batch in self._batches if batch.partition in partitions]:
            self._batches.remove(batch)

    def next_lane(self, until: float) -> Lane | None:
        """Go on with the oldest batch, for one turn at most: the first new lane, which is the caller's to run.

        Args:
            until: When to stop, in monotonic seconds.
        """
        batch = self._batches[0]
        lane = self._turn(batch, until)
        if batch.place == len(batch.records):
            self._batches.popleft()
            batch.partition.lighten(batch.weight)
        return lane

    def _turn(self, batch: _Batch, until: float) -> Lane | None:
        partition, came, swift, by_key = batch.partition, batch.came, self._swift, self._order == "key"
        lanes = self.lanes.setdefault(partition, {})
        for record in batch.records[batch.place : batch.place + TURN]:
            batch.place += 1
            key = record.key if by_key and record.key is not None else self._lane_key(record)
            if key in lanes:
                partition.fetched(record)
                lanes[key].queue.append(record)
                continue
            outcome: float | Head | None = None
            try:
                outcome = swift(record, came)
            except BaseException:
                self._ready.append(self._open(lanes, partition, key, record))
                raise
            if type(outcome) is not float:
                lane = self._open(lanes, partition, key, record)
                lane.head = outcome  # type: ignore[assignment]  # mypy does not narrow by type()
                return lane
            partition.finished(record.offset)
            if outcome > until:
                break
        return None

    def _open(self, lanes: dict[bytes | int, Lane], partition: Partition, key: bytes | int, record: Record) -> Lane:
        lane = lanes[key] = Lane(partition, key)
        partition.fetched(record)
        lane.queue.append(record)
        return lane

    def _lane_key(self, record: Record) -> bytes | int:
        if self._order == "partition":
            return -1
        if self._order == "none" or record.key is None:
            return record.offset
        return record.key
