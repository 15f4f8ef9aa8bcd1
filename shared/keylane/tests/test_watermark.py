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


class Watermark(RuleBasedStateMachine):
    """Fetches with gaps, completions in any order, commits, and new epochs, against a plain model."""

    def __init__(self) -> None:
        super().__init__()
        self.log_end = 0
        self.committed_by_group = 0
        self._begin()

    def _begin(self) -> None:
        self.partition = Partition(TP)
        self.fetched: list[int] = []
        self.finished: set[int] = set()
        self.prefix: int | None = None
        self.came: dict[int, float] = {}
        self.moments = 0.0
        self.last_seen = -1
        self.position = self.committed_by_group
        self.passed = -1
        self.start: int | None = None

    def expected(self) -> int | None:
        return max(self.passed, self.prefix or -1) if self.passed >= 0 else self.prefix

    def model_finish(self, offset: int) -> None:
        """All before the oldest unfinished record may be committed, as soon as what was the oldest is finished."""
        was_oldest = all(one in self.finished for one in self.fetched if one < offset)
        self.finished.add(offset)
        if was_oldest:
            self.prefix = next((one for one in self.fetched if one not in self.finished), self.fetched[-1] + 1)

    @rule(gaps=st.lists(st.integers(0, 3), min_size=1, max_size=8))
    def fetch(self, gaps: list[int]) -> None:
        self.moments += 1.0
        self.partition.came(self.position + gaps[0], self.moments)
        for gap in gaps:
            offset = self.position + gap
            self.position = offset + 1
            self.fetched.append(offset)
            self.came[offset] = self.moments
            self.partition.fetched(record(offset))

    @precondition(lambda self: len(self.finished) < len(self.fetched))
    @rule(data=st.data())
    def finish(self, data: Any) -> None:
        open_ = [one for one in self.fetched if one not in self.finished]
        for offset in data.draw(st.lists(st.sampled_from(open_), max_size=6, unique=True)):
            self.model_finish(offset)
            self.partition.complete(record(offset))
            self.never_past_the_finished_prefix()

    @rule(gap=st.integers(0, 3))
    def look_at_the_position(self, gap: int) -> None:
        """Behind what was fetched the log may hold offsets without records; the position passes them."""
        self.position += gap
        self.partition.passed(self.position)
        if self.start is None:
            self.start = self.position
        elif len(self.finished) == len(self.fetched) and self.position > (self.expected() or self.start):
            self.passed = self.position

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
    def never_past_the_finished_prefix(self) -> None:
        assert self.partition.watermark == self.expected()

    @invariant()
    def never_back(self) -> None:
        watermark = self.partition.watermark
        assert watermark is None or watermark >= self.last_seen
        self.last_seen = watermark if watermark is not None else self.last_seen

    @invariant()
    def memory_is_what_is_unfinished(self) -> None:
        prefix = self.expected()
        assert prefix is None or all(offset in self.finished for offset in self.fetched if offset < prefix)
        unfinished = len(self.fetched) - len(self.finished)
        assert self.partition.unfinished == len(self.partition._sizes) == unfinished
        assert len(self.partition._order) <= 2 * unfinished + LOOSE + 8, "but for one fetch, as nothing sweeps it then"

    @invariant()
    def fetch_times_are_kept_for_what_is_unfinished(self) -> None:
        for offset in set(self.fetched) - self.finished:
            assert self.partition.arrivals.moment_of(offset) == self.came[offset]
        assert len(self.partition.arrivals) <= 2 * (len(self.fetched) - len(self.finished)) + LOOSE + 9


TestWatermark = Watermark.TestCase
TestWatermark.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_partition_is_full_by_count_until_half_of_it_is_finished() -> None:
    partition = Partition(TP)
    for offset in range(MAX_HELD_RECORDS):
        assert not partition.full
        partition.fetched(record(offset))
    assert partition.full
    for offset in range(MAX_HELD_RECORDS // 2):
        assert not partition.has_room
        partition.complete(record(offset))
    partition.complete(record(MAX_HELD_RECORDS // 2))
    assert partition.has_room


def test_a_partition_is_full_by_bytes() -> None:
    partition = Partition(TP)
    partition.fetched(record(0, MAX_HELD_BYTES))
    assert partition.full
    partition.complete(record(0, MAX_HELD_BYTES))
    assert partition.has_room


def test_headers_count_as_bytes() -> None:
    partition = Partition(TP)
    partition.fetched(MemoryRecord("t", 0, 0, 0, None, None, (("h", b"x" * MAX_HELD_BYTES),)))
    assert partition.full


def test_many_small_records_count_with_what_python_adds() -> None:
    partition = Partition(TP)
    headers = tuple((f"h{number}", b"") for number in range(1_000))
    for offset in range(200):
        partition.fetched(MemoryRecord("t", 0, offset, 0, None, None, headers))
    assert partition.full


def behind_a_stuck_record(count: int) -> Partition:
    """One record that is not finished, and behind it `count` that are, fetched one by one."""
    partition = Partition(TP)
    partition.fetched(record(0))
    for offset in range(1, count + 1):
        partition.came(offset, float(offset))
        partition.fetched(record(offset))
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
        partition.fetched(record(offset))
        assert not partition.full
    partition.fetched(record(MAX_SPAN_OFFSETS - 1))
    assert partition.full
    assert not partition.has_room
    partition.complete(record(0))
    assert not partition.has_room, "just half of it"
    partition.complete(record(MAX_SPAN_OFFSETS // 2))
    assert partition.has_room


def test_offsets_without_records_do_not_stop_a_partition_for_good() -> None:
    """A compacted log: its next record may lie further away than the bound."""
    partition = Partition(TP)
    partition.fetched(record(0))
    partition.fetched(record(MAX_SPAN_OFFSETS * 9))
    assert partition.full
    partition.complete(record(0))
    assert partition.has_room
    assert partition.watermark == MAX_SPAN_OFFSETS * 9
