"""One assigned partition: what was fetched, what is not finished yet, and the offset that may be committed."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from keylane.arrivals import Arrivals

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from keylane.broker import Record, TopicPartition

MAX_HELD_RECORDS = 5_000
"""A partition of which this many records are queued, parked and running is paused."""
MAX_HELD_BYTES = 16 * 1024 * 1024
"""As MAX_HELD_RECORDS, in bytes: bounds memory under large ones."""
MAX_SPAN_OFFSETS = 1_000_000
"""A partition fetched this many offsets beyond its oldest unfinished record is paused.

What is finished behind a stuck record takes no memory, so this bounds only what a crash has delivered again, and the
inbox passed over. At 1,000 records a second a key may be stuck for a quarter of an hour before others feel it: five
attempts take about 40 s, each run at most 5 min.
"""
RECORD_BYTES = 300
"""What a record's objects take beside its bytes, about."""
HEADER_BYTES = 150
"""What a header's objects take beside its bytes, about."""
LOOSE: Final = 64
"""Finished offsets left in the order before it is swept: sweeping costs as much per record as appending did."""


class Partition:
    """The state of one assignment of one partition; a new assignment gets a new object, which is its epoch.

    Results that arrive for an older object change nothing that is ever committed. Only what is unfinished is
    remembered, in fetch order: all that was fetched before the oldest of it is finished, however much that is.

    Attributes:
        watermark: The offset to commit: that of the oldest unfinished record, or behind the last one; None until the
            first record is finished. Offsets have gaps (transaction markers, compaction), so the prefix is over
            fetched records, not over integers.
        committed: The last offset known to be committed in this epoch.
        revoked: No new work may start, but for that before `drain_to`.
        drain_to: The offset behind the last record that is done, or will be: what is unfinished before it is worth
            finishing, or all that is done behind it is delivered again.
        arrivals: When its unfinished records were fetched.
        max_span: Offsets that may be fetched beyond the oldest unfinished record, if less than MAX_SPAN_OFFSETS.
        waiting: Records that came, and whose turn is still to come.
    """

    __slots__ = (
        "_bytes",
        "_end",
        "_order",
        "_sizes",
        "_start",
        "_top",
        "arrivals",
        "committed",
        "drain_to",
        "max_span",
        "paused",
        "revoked",
        "tp",
        "waiting",
        "watermark",
    )

    def __init__(self, tp: TopicPartition) -> None:
        self.tp = tp
        self.watermark: int | None = None
        self.committed: int | None = None
        self.paused = False
        self.revoked = False
        self.drain_to = 0
        self._top = 0
        self._order: deque[int] = deque()
        self._sizes: dict[int, int] = {}
        self._bytes = 0
        self._end = 0
        self.max_span = MAX_SPAN_OFFSETS
        self.waiting = 0
        self._start: int | None = None
        self.arrivals = Arrivals()

    def fetched(self, record: Record) -> None:
        """Note a record in fetch order."""
        offset = record.offset
        self.waiting -= 1
        self._order.append(offset)
        self._sizes[offset] = size = size_of(record)
        self._bytes += size
        self._end = offset + 1

    def came(self, records: Sequence[Record], moment: float) -> int:
        """Note that records came at this moment, of which each is to be `fetched` or `finished` in its turn.

        Returns:
            Their bytes, for `lighten`; 0 for those that nothing is waiting before, as they are worked off at once.
        """
        if len(self.arrivals) > 2 * len(self._sizes) + LOOSE:
            self.arrivals.keep((offset for offset in self._order if offset in self._sizes), self._end)
        weight = sum(map(size_of, records)) if self.waiting else 0
        if not self.waiting:
            self._end = records[0].offset
        self.arrivals.came(records[0].offset, moment, oldest=self.oldest_unfinished)
        self.waiting += len(records)
        self._bytes += weight
        return weight

    def lighten(self, weight: int) -> None:
        """Forget the bytes of what came together: each was `fetched` or `finished`."""
        self._bytes -= weight

    def finished(self, count: int, last: int) -> None:
        """Note so many records in fetch order, up to this offset, that are done already."""
        self.waiting -= count
        self._top = self._end = last + 1
        if not self._order:
            self.watermark = last + 1

    def complete(self, record: Record) -> None:
        """Note that a fetched record is done or dead-lettered, and move the watermark over the finished prefix."""
        sizes, order = self._sizes, self._order
        self._bytes -= sizes.pop(record.offset, 0)
        if record.offset >= self._top:
            self._top = record.offset + 1
        if order and order[0] not in sizes:
            while order and order[0] not in sizes:
                order.popleft()
            self.watermark = order[0] if order else self._end
        elif len(order) > 2 * len(sizes) + LOOSE:
            self._order = deque(offset for offset in order if offset in sizes)

    def revoke(self, running: Iterable[int]) -> None:
        """Start nothing more but what keeps what is done from being delivered again.

        Args:
            running: Offsets that are worked on now.
        """
        self.revoked = True
        self.drain_to = max((offset + 1 for offset in running), default=0)
        self.drain_to = max(self.drain_to, self._top)

    def leave(self, offset: int) -> None:
        """Note that a record of a revoked partition stays unfinished: nothing behind it is worth finishing."""
        self.drain_to = min(self.drain_to, offset)

    def may_start(self, offset: int) -> bool:
        """Whether a record of a revoked partition may still be begun."""
        return offset < self.drain_to

    @property
    def draining(self) -> bool:
        """Whether a revoked partition has unfinished records that may still be begun."""
        oldest = self.oldest_unfinished
        return oldest is not None and oldest < self.drain_to

    def passed(self, position: int) -> None:
        """Move the watermark behind offsets that hold no record, if nothing fetched is unfinished.

        What comes for a revoked partition is dropped: its position is behind records that nobody handled. The first
        position is where this epoch begins: committing it again would say nothing new.
        """
        if self.revoked:
            return
        if self._start is None:
            self._start = position
        elif not self.unfinished and position > (self._start if self.watermark is None else self.watermark):
            self.watermark = position

    @property
    def full(self) -> bool:
        """Whether fetching must pause until older records are finished."""
        return self._beyond(1)

    @property
    def has_room(self) -> bool:
        """Whether a paused partition has come down to half of its bounds."""
        return not self._beyond(2)

    @property
    def oldest_unfinished(self) -> int | None:
        """The offset of the oldest fetched record that is not finished."""
        return self._order[0] if self._order else self._end if self.waiting else None

    @property
    def unfinished(self) -> int:
        """Fetched records that are not finished: what is held in memory."""
        return len(self._sizes) + self.waiting

    @property
    def span(self) -> int:
        """Offsets from the oldest record that is taken in hand and not finished to the last one fetched."""
        return self._end + self.waiting - self._order[0] if self._order else 0

    @property
    def to_commit(self) -> int | None:
        """The watermark, if it is ahead of what was committed."""
        if self.watermark is None or (self.committed is not None and self.watermark <= self.committed):
            return None
        return self.watermark

    def _beyond(self, share: int) -> bool:
        """Whether any bound, divided by `share`, is reached."""
        return (
            self.unfinished * share >= MAX_HELD_RECORDS
            or self._bytes * share >= MAX_HELD_BYTES
            or self.span * share >= min(self.max_span, MAX_SPAN_OFFSETS)
        )


def size_of(record: Record) -> int:
    """About the bytes that a record holds in memory: key, value, headers, and what Python adds to them."""
    size = len(record.key or b"") + len(record.value or b"") + RECORD_BYTES
    for name, value in record.headers:
        size += len(name) + HEADER_BYTES + (len(value) if value else 0)
    return size
