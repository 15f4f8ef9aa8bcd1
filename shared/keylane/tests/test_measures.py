"""What is measured as messages pass: histograms, fetch times, the loop's lag."""

from __future__ import annotations

import asyncio
import bisect
import contextlib
import logging
import time
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from keylane.arrivals import Arrivals
from keylane.measures import Histogram
from keylane.testing import until
from keylane.watchdog import LATE_S, watch_loop

if TYPE_CHECKING:
    import pytest

BOUNDS = (0.1, 1.0, 10.0)


@given(st.lists(st.floats(0, 100)))
def test_a_histogram_counts_every_value_below_each_bound_inclusive(values: list[float]) -> None:
    histogram = Histogram(BOUNDS)
    for value in [*values, *BOUNDS]:
        histogram.observe(value)

    ordered = sorted([*values, *BOUNDS])
    assert histogram.cumulative() == [*(bisect.bisect_right(ordered, bound) for bound in BOUNDS), len(ordered)]
    assert histogram.count == len(ordered)
    assert abs(histogram.total - sum(ordered)) < 1e-6 * (1 + sum(ordered))


@given(st.lists(st.floats(0, 100)))
def test_values_that_are_counted_alike_may_be_counted_together(values: list[float]) -> None:
    one_by_one, together = Histogram(BOUNDS), Histogram(BOUNDS)
    alike: dict[float, list[float]] = {}
    for value in values:
        one_by_one.observe(value)
        alike.setdefault(together.bound_of(value), []).append(value)
    for bound, group in alike.items():
        together.observe_alike(len(group), sum(group), bound)

    assert together.cumulative() == one_by_one.cumulative()
    assert together.count == one_by_one.count
    assert abs(together.total - one_by_one.total) < 1e-6 * (1 + one_by_one.total)


@given(st.lists(st.integers(1, 20), min_size=1, max_size=60), st.data())
def test_every_unfinished_record_keeps_its_fetch_time_in_bounded_memory(
    batches: list[int], data: st.DataObject
) -> None:
    """Against a model that remembers the time of every record."""
    arrivals = Arrivals()
    came: dict[int, float] = {}
    oldest, following = 0, 0
    for moment, size in enumerate(batches):
        arrivals.came(following, float(moment), oldest=oldest if oldest < following else None)
        came.update(dict.fromkeys(range(following, following + size), float(moment)))
        following += size
        oldest = data.draw(st.integers(oldest, following))

    for offset in range(oldest, following):
        assert arrivals.moment_of(offset) == came[offset]
    last = arrivals._offsets[-1]
    unfinished_batches = {came[offset] for offset in range(min(oldest, last), following)}
    arrivals.came(following, 1e9, oldest=oldest if oldest < following else None)
    assert len(arrivals._offsets) <= len(unfinished_batches) + 1


def test_nothing_is_known_of_records_that_never_came() -> None:
    arrivals = Arrivals()
    assert arrivals.moment_of(0) is None
    arrivals.came(5, 1.0, oldest=None)
    assert arrivals.moment_of(4) is None


async def test_a_blocked_loop_is_measured_and_said(caplog: pytest.LogCaptureFixture) -> None:
    lag = Histogram((0.1, LATE_S))
    watching = asyncio.create_task(watch_loop(lag, name="worker g"))
    await asyncio.sleep(0)
    with caplog.at_level(logging.WARNING, "keylane"):
        time.sleep(LATE_S + 0.4)  # noqa: ASYNC251  the loop is blocked on purpose
        await until(lambda: lag.count)
    watching.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await watching

    assert lag.cumulative() == [0, 0, 1]
    assert [getattr(record, "action", "") for record in caplog.records] == ["loop_blocked"]
