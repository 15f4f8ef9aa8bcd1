"""I5: the offset to commit never passes the finished prefix of what was fetched, and never moves back."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from keylane.broker import TopicPartition
from keylane.partition import MAX_SPAN_BYTES, MAX_SPAN_RECORDS, Partition
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
        self.last_seen = -1
        self.position = self.committed_by_group
        self.passed = -1
        self.start: int | None = None

    def expected(self) -> int | None:
        prefix = None
        for offset in self.fetched:
            if offset not in self.finished:
                break
            prefix = offset + 1
        return max(self.passed, prefix or -1) if self.passed >= 0 else prefix

    @rule(gaps=st.lists(st.integers(0, 3), min_size=1, max_size=8))
    def fetch(self, gaps: list[int]) -> None:
        for gap in gaps:
            offset = self.position + gap
            self.position = offset + 1
            self.fetched.append(offset)
            self.partition.fetched(record(offset))

    @precondition(lambda self: len(self.finished) < len(self.fetched))
    @rule(data=st.data())
    def finish(self, data: Any) -> None:
        open_ = [one for one in self.fetched if one not in self.finished]
        for offset in data.draw(st.lists(st.sampled_from(open_), max_size=6, unique=True)):
            self.finished.add(offset)
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
        span = len([offset for offset in self.fetched if prefix is None or offset >= prefix])
        assert self.partition.unfinished == span
        assert len(self.partition._sizes) == len(self.fetched) - len(self.finished)


TestWatermark = Watermark.TestCase
TestWatermark.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)


def test_a_partition_is_full_by_count_until_half_of_it_is_finished() -> None:
    partition = Partition(TP)
    for offset in range(MAX_SPAN_RECORDS):
        assert not partition.full
        partition.fetched(record(offset))
    assert partition.full
    for offset in range(MAX_SPAN_RECORDS // 2):
        assert not partition.has_room
        partition.complete(record(offset))
    partition.complete(record(MAX_SPAN_RECORDS // 2))
    assert partition.has_room


def test_a_partition_is_full_by_bytes() -> None:
    partition = Partition(TP)
    partition.fetched(record(0, MAX_SPAN_BYTES))
    assert partition.full
    partition.complete(record(0, MAX_SPAN_BYTES))
    assert partition.has_room


def test_headers_count_as_bytes() -> None:
    partition = Partition(TP)
    partition.fetched(MemoryRecord("t", 0, 0, 0, None, None, (("h", b"x" * MAX_SPAN_BYTES),)))
    assert partition.full


def test_many_small_records_count_with_what_python_adds() -> None:
    partition = Partition(TP)
    headers = tuple((f"h{number}", b"") for number in range(1_000))
    for offset in range(200):
        partition.fetched(MemoryRecord("t", 0, offset, 0, None, None, headers))
    assert partition.full
