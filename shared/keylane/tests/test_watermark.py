"""I5: the offset to commit never passes the finished prefix of what was fetched, and never moves back."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from keylane.broker import TopicPartition
from keylane.partition import LOOSE, MAX_HELD_BYTES, MAX_HELD_RECORDS, MAX_SPAN_OFFSETS, Partition
from keylane.testing import MemoryRecord

TP = TopicPartition("t", 0)


def record(offset: int, size: int = 1) -> MemoryRecord:
    return MemoryRecord("t", 0, offset, 0, None, b"x" * size, ())


def fetched(partition: Partition, *records: MemoryRecord) -> None:
    """They came, and each got a lane."""
    for one in records:
        partition.came([one], float(one.offset))
        partition.fetched(one)


class Watermark(RuleBasedStateMachine):
    """Fetches with gaps, completions in any order, commits, and new epochs, against a plain model."""

    def __init__(self) -> None:
        super().__init__()
        self.log_end = 0
        self.committed_by_group = 0
        self._begin()

    def _begin(self) -> None:
        self.partition = Partition(TP)
        self.coming: list[int] = []
        self.fetched: list[int] = []
        self.finished: set[int] = set()
        self.came: dict[int, float] = {}
        self.moments = 0.0
        self.last_seen = -1
        self.position = self.committed_by_group
        self.first_position: int | None = None

    def open(self) -> list[int]:
        return [one for one in self.fetched if one not in self.finished] + self.coming

    @rule(gaps=st.lists(st.integers(0, 3), min_size=1, max_size=8))
    def fetch(self, gaps: list[int]) -> None:
        self.moments += 1.0
        offsets = []
        for gap in gaps:
            offsets.append(self.position + gap)
            self.position = offsets[-1] + 1
        self.partition.came([record(offset) for offset in offsets], self.moments)
        self.came.update(dict.fromkeys(offsets, self.moments))
        self.coming += offsets

    @precondition(lambda self: self.coming)
    @rule(done_at_once=st.lists(st.booleans(), min_size=1, max_size=8))
    def take(self, done_at_once: list[bool]) -> None:
        for at_once, offset in zip(done_at_once, list(self.coming), strict=False):
            self.coming.remove(offset)
            self.fetched.append(offset)
            if at_once:
                self.finished.add(offset)
                self.partition.finished(1, offset)
            else:
                self.partition.fetched(record(offset))
            self.at_the_finished_prefix()

    @precondition(lambda self: len(self.finished) < len(self.fetched))
    @rule(data=st.data())
    def finish(self, data: Any) -> None:
        open_ = [one for one in self.fetched if one not in self.finished]
        for offset in data.draw(st.lists(st.sampled_from(open_), max_size=6, unique=True)):
            self.finished.add(offset)
            self.partition.complete(record(offset))
            self.at_the_finished_prefix()

    @rule(gap=st.integers(0, 3))
    def look_at_the_position(self, gap: int) -> None:
        """Behind what was fetched the log may hold offsets without records; the position passes them."""
        self.position += gap
        self.partition.passed(self.position)
        if self.first_position is None:
            self.first_position = self.position
        elif not self.open() and self.position > self.first_position:
            assert self.partition.watermark == self.position

    @rule()
    def commit(self) -> None:
        due = self.partition.to_commit
        if due is not None:
            assert due > (self.partition.committed or -1)
            self.partition.committed = due
            self.committed_by_group = due

    @rule(data=st.data())
    def rebalance(self, data: Any) -> None:
        stale, unfinished = self.partition, [one for one in self.fetched if one not in self.finished]
        self._begin()
        if unfinished:
            stale.complete(record(data.draw(st.sampled_from(unfinished))))
            assert self.partition.to_commit is None, "a result of an old epoch must not count in the new one"

    @invariant()
    def at_the_finished_prefix(self) -> None:
        """Not before its end, and not past the next record: between them lie no records."""
        open_, watermark = self.open(), self.partition.watermark
        done = [one for one in self.fetched if not open_ or one < open_[0]]
        assert watermark is None or watermark <= (open_[0] if open_ else self.position)
        assert not done or (watermark is not None and watermark > done[-1])

    @invariant()
    def never_back(self) -> None:
        watermark = self.partition.watermark
        assert watermark is None or watermark >= self.last_seen
        self.last_seen = watermark if watermark is not None else self.last_seen

    @invariant()
    def memory_is_what_is_unfinished(self) -> None:
        assert self.partition.unfinished == len(self.open())
        assert self.partition.oldest_unfinished is None or self.partition.oldest_unfinished <= self.open()[0]
        unfinished = len(self.fetched) - len(self.finished)
        assert len(self.partition._sizes) == unfinished
        assert len(self.partition._order) <= 2 * unfinished + LOOSE + 8, "but for one fetch, as nothing sweeps it then"

    @invariant()
    def fetch_times_are_kept_for_what_is_unfinished(self) -> None:
        for offset in self.open():
            assert self.partition.arrivals.moment_of(offset) == self.came[offset]
        assert len(self.partition.arrivals) <= 2 * len(self.open()) + LOOSE + 9


TestWatermark = Watermark.TestCase
TestWatermark.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_partition_is_full_by_count_until_half_of_it_is_finished() -> None:
    partition = Partition(TP)
    for offset in range(MAX_HELD_RECORDS):
        assert not partition.full
        fetched(partition, record(offset))
    assert partition.full
    for offset in range(MAX_HELD_RECORDS // 2):
        assert not partition.has_room
        partition.complete(record(offset))
    partition.complete(record(MAX_HELD_RECORDS // 2))
    assert partition.has_room


def test_a_partition_is_full_by_bytes() -> None:
    partition = Partition(TP)
    fetched(partition, record(0, MAX_HELD_BYTES))
    assert partition.full
    partition.complete(record(0, MAX_HELD_BYTES))
    assert partition.has_room


def test_headers_count_as_bytes() -> None:
    partition = Partition(TP)
    fetched(partition, MemoryRecord("t", 0, 0, 0, None, None, (("h", b"x" * MAX_HELD_BYTES),)))
    assert partition.full


def test_many_small_records_count_with_what_python_adds() -> None:
    partition = Partition(TP)
    headers = tuple((f"h{number}", b"") for number in range(1_000))
    for offset in range(200):
        fetched(partition, MemoryRecord("t", 0, offset, 0, None, None, headers))
    assert partition.full


def behind_a_stuck_record(count: int) -> Partition:
    """One record that is not finished, and behind it `count` that are, fetched one by one."""
    partition = Partition(TP)
    fetched(partition, record(0))
    for offset in range(1, count + 1):
        fetched(partition, record(offset))
        partition.complete(record(offset))
    return partition


def test_what_is_finished_behind_a_stuck_record_takes_no_memory_and_stops_nothing() -> None:
    """I9: neither the order nor the fetch times grow with it."""
    partition = behind_a_stuck_record(MAX_HELD_RECORDS * 3)

    assert not partition.full
    assert (partition.watermark, partition.unfinished) == (None, 1)
    assert len(partition._order) <= LOOSE + 4
    assert len(partition.arrivals) <= LOOSE + 4
    partition.complete(record(0))
    assert partition.watermark == MAX_HELD_RECORDS * 3 + 1


def test_a_partition_is_full_by_what_would_be_delivered_again_until_that_is_half() -> None:
    partition = Partition(TP)
    for offset in (0, MAX_SPAN_OFFSETS // 2, MAX_SPAN_OFFSETS - 2):
        fetched(partition, record(offset))
        assert not partition.full
    fetched(partition, record(MAX_SPAN_OFFSETS - 1))
    assert partition.full
    assert not partition.has_room
    partition.complete(record(0))
    assert not partition.has_room, "just half of it"
    partition.complete(record(MAX_SPAN_OFFSETS // 2))
    assert partition.has_room


def test_offsets_without_records_do_not_stop_a_partition_for_good() -> None:
    """A compacted log: its next record may lie further away than the bound."""
    partition = Partition(TP)
    fetched(partition, record(0))
    fetched(partition, record(MAX_SPAN_OFFSETS * 9))
    assert partition.full
    partition.complete(record(0))
    assert partition.has_room
    assert partition.watermark == MAX_SPAN_OFFSETS * 9


def test_what_waits_for_its_turn_counts_too() -> None:
    """By number, and by bytes as soon as something else waits before it."""
    partition = Partition(TP)
    partition.came([record(offset) for offset in range(MAX_HELD_RECORDS)], 0.0)
    assert partition.full
    partition = Partition(TP)
    partition.came([record(0)], 0.0)
    weight = partition.came([record(1, MAX_HELD_BYTES)], 0.0)
    assert partition.full
    partition.finished(1, 0)
    partition.finished(1, 1)
    partition.lighten(weight)
    assert partition.has_room
    assert partition.watermark == 2


def test_the_position_is_not_passed_while_records_wait_for_their_turn() -> None:
    partition = Partition(TP)
    partition.passed(0)
    partition.came([record(0)], 0.0)
    partition.passed(1)

    assert partition.watermark is None
