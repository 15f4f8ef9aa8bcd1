"""One assigned partition: what was fetched, what is finished, and the offset that may be committed."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from keylane.arrivals import Arrivals

if TYPE_CHECKING:
    from keylane.broker import Record, TopicPartition

MAX_SPAN_RECORDS = 5_000
"""A partition whose oldest unfinished record is this many fetched records back is paused."""
MAX_SPAN_BYTES = 16 * 1024 * 1024
"""As MAX_SPAN_RECORDS, in bytes of unfinished records: bounds memory under large ones."""
RECORD_BYTES = 300
"""What a record's objects take beside its bytes, about."""
HEADER_BYTES = 150
"""What a header's objects take beside its bytes, about."""


class Partition:
    """The state of one assignment of one partition; a new assignment gets a new object, which is its epoch.

    Results that arrive for an older object change nothing that is ever committed.

    Attributes:
        watermark: The offset to commit: one past the last record of the finished prefix of what was fetched; None
            until the first record is finished. Offsets have gaps (transaction markers, compaction), so the prefix is
            over fetched records, not over integers.
        committed: The last offset known to be committed in this epoch.
        revoked: No new work may start.
        arrivals: When its unfinished records were fetched.
    """

    __slots__ = (
        "_bytes",
        "_sizes",
        "_start",
        "_unfinished",
        "arrivals",
        "committed",
        "paused",
        "revoked",
        "tp",
        "watermark",
    )

    def __init__(self, tp: TopicPartition) -> None:
        self.tp = tp
        self.watermark: int | None = None
        self.committed: int | None = None
        self.paused = False
        self.revoked = False
        self._unfinished: deque[int] = deque()
        self._sizes: dict[int, int] = {}
        self._bytes = 0
        self._start: int | None = None
        self.arrivals = Arrivals()

    def fetched(self, record: Record) -> None:
        """Note a record in fetch order."""
        offset = record.offset
        self._unfinished.append(offset)
        self._sizes[offset] = size = size_of(record)
        self._bytes += size

    def complete(self, record: Record) -> None:
        """Note that a fetched record is done or dead-lettered, and move the watermark over the finished prefix."""
        sizes, unfinished = self._sizes, self._unfinished
        self._bytes -= sizes.pop(record.offset, 0)
        while unfinished and unfinished[0] not in sizes:
            self.watermark = unfinished.popleft() + 1

    def passed(self, position: int) -> None:
        """Move the watermark behind offsets that hold no record, if nothing fetched is unfinished.

        The first position is where this epoch begins: committing it again would say nothing new.
        """
        if self._start is None:
            self._start = position
        elif not self._unfinished and position > (self._start if self.watermark is None else self.watermark):
            self.watermark = position

    @property
    def full(self) -> bool:
        """Whether fetching must pause until older records are finished."""
        return len(self._unfinished) >= MAX_SPAN_RECORDS or self._bytes >= MAX_SPAN_BYTES

    @property
    def has_room(self) -> bool:
        """Whether a paused partition has come down to half of its bounds."""
        return len(self._unfinished) < MAX_SPAN_RECORDS // 2 and self._bytes < MAX_SPAN_BYTES // 2

    @property
    def oldest_unfinished(self) -> int | None:
        """The offset of the oldest fetched record that is not finished."""
        return self._unfinished[0] if self._unfinished else None

    @property
    def unfinished(self) -> int:
        """Fetched records at or after the watermark."""
        return len(self._unfinished)

    @property
    def to_commit(self) -> int | None:
        """The watermark, if it is ahead of what was committed."""
        if self.watermark is None or (self.committed is not None and self.watermark <= self.committed):
            return None
        return self.watermark


def size_of(record: Record) -> int:
    """About the bytes that a record holds in memory: key, value, headers, and what Python adds to them."""
    size = len(record.key or b"") + len(record.value or b"") + RECORD_BYTES
    for name, value in record.headers:
        size += len(name) + HEADER_BYTES + (len(value) if value else 0)
    return size
