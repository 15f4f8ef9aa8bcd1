"""What was fetched and has no lane yet: most records are finished here, in log order, and never get one."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Final, Literal

from keylane.lane import Head, Lane

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Sequence

    from keylane.broker import Record
    from keylane.partition import Partition

Order = Literal["key", "partition", "none"]
TURN: Final = 64
"""Records taken in one go at most, before a lane that is ready has its turn."""


class Way(Enum):
    """How a record goes on that was not begun."""

    LANE = "in a lane, from the start"


Result = tuple[int, "Head | Way | None"]
"""How many records are finished, and what is left of the next one."""
Swift = Callable[["Sequence[Record]", float, float, "Container[bytes | int | None]"], Result]
"""Takes records in a row that have no lane, as `keylane.swift` says."""


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
        partition, by_key = batch.partition, self._order == "key"
        lanes = self.lanes.setdefault(partition, {})
        records = batch.records[batch.place : batch.place + TURN]
        busy = lanes if by_key else ()
        place = 0
        while place < len(records):
            record = records[place]
            if (lane := lanes.get(self._lane_key(record))) is not None:
                partition.fetched(record)
                lane.queue.append(record)
                batch.place += 1
                place += 1
                continue
            try:
                done, what = self._swift(records[place:] if place else records, batch.came, until, busy)
            except BaseException:
                batch.place += 1
                self._ready.append(self._open(lanes, partition, record))
                raise
            if done:
                batch.place += done
                place += done
                partition.finished(done, records[place - 1].offset)
            if what is None:
                return None
            if done and what is Way.LANE:  # of the key of an open lane, most likely
                continue
            lane = self._open(lanes, partition, records[place])
            lane.head = None if what is Way.LANE else what
            batch.place += 1
            return lane
        return None

    def _open(self, lanes: dict[bytes | int, Lane], partition: Partition, record: Record) -> Lane:
        key = self._lane_key(record)
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
