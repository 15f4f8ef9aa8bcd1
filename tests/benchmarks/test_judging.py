"""The benchmarks' own judgement: a wrong one would hold a bar that is broken."""

import math

import pytest

from .contest import Outcome, median_of
from .judging import Row, at_least, at_most, growth, hold, percentile
from .takeover import Line, Watch
from .verifying import Verified, place, verify

KEYS = [[0, 1, 0, 1, 0], [0, 0]]
"""Two partitions; in the first, two keys take turns."""
WELL = Verified(0, 0, 0)


def test_a_bar_holds_at_the_bar_itself_and_is_broken_just_beyond_it() -> None:
    assert at_least("", "", 0.5, 0.5).within
    assert at_least("", "", 0.4999, 0.5).within is False
    assert at_most("", "", 0.4, 0.4).within
    assert at_most("", "", 0.4001, 0.4).within is False


def test_what_was_not_measured_holds_no_bar() -> None:
    assert at_most("", "", math.nan, 8).within is False
    assert at_least("", "", math.nan, 8).within is False


def test_one_broken_bar_is_enough_and_a_row_without_a_bar_breaks_none() -> None:
    assert hold([Row("a", "1"), Row("b", "2", "<= 3", within=True)])
    assert not hold([Row("a", "1", "<= 3", within=True), Row("b", "4", "<= 3", within=False)])


@pytest.mark.parametrize(
    ("percent", "expected"), [(50, 50.0), (99, 99.0), (99.5, 100.0), (100, 100.0), (1, 1.0), (0, 1.0)]
)
def test_a_percentile_is_a_measured_value_by_nearest_rank(percent: float, expected: float) -> None:
    assert percentile([float(value) for value in range(100, 0, -1)], percent) == expected


def test_a_percentile_of_one_is_that_one_and_of_none_is_an_error() -> None:
    assert percentile([7.0], 99) == 7.0
    with pytest.raises(ValueError, match="nothing"):
        percentile([], 50)


def test_what_fills_up_at_first_is_no_growth() -> None:
    assert growth([10.0 * second for second in range(30)] + [300.0] * 60) == 0.0


@pytest.mark.parametrize("start", range(20))
def test_a_sawtooth_does_not_grow_wherever_it_is_cut_off(start: int) -> None:
    assert growth([100.0 + (start + second) % 20 for second in range(120)]) == 0.0


@pytest.mark.parametrize("leak", [0.1, 1.0])
def test_a_leak_shows_in_full_below_a_sawtooth(leak: float) -> None:
    samples = [100.0 + second % 20 + leak * second for second in range(120)]

    assert growth(samples) == pytest.approx(40 * leak)


def test_peaks_or_troughs_that_rise_alone_are_growth() -> None:
    quiet, higher, never_so_low = [1.0, 9.0] * 30, [1.0, 12.0] * 15, [4.0, 9.0] * 15

    assert growth(quiet + higher) == growth(quiet + never_so_low) == 3.0


def test_too_few_samples_have_no_thirds() -> None:
    with pytest.raises(ValueError, match="no thirds"):
        growth([1.0, 2.0])


def test_each_key_in_log_order_is_faultless_however_keys_and_partitions_mix() -> None:
    completed = [place(1, 0), place(0, 1), place(0, 0), place(0, 2), place(0, 3), place(1, 1), place(0, 4)]
    assert verify(completed, KEYS).faultless


def test_a_run_cut_short_is_judged_by_what_it_completed() -> None:
    assert verify([place(0, 0), place(0, 2)], KEYS).faultless


@pytest.mark.parametrize(
    ("completed", "expected"),
    [
        ([place(0, 0), place(0, 0)], Verified(repeated=1, skipped=0, disordered=0)),
        ([place(0, 0), place(0, 4)], Verified(repeated=0, skipped=1, disordered=0)),
        ([place(0, 2), place(0, 0)], Verified(repeated=0, skipped=0, disordered=1)),
        ([place(0, 4), place(0, 0), place(0, 2)], Verified(repeated=0, skipped=0, disordered=2)),
        ([place(1, 1)], Verified(repeated=0, skipped=1, disordered=0)),
    ],
    ids=["twice", "left out", "swapped", "two late", "first left out"],
)
def test_faults_are_counted_for_what_they_are(completed: list[int], expected: Verified) -> None:
    assert verify(completed, KEYS) == expected
    assert not expected.faultless


def test_the_median_is_of_rates_and_keeps_the_faults_of_every_run() -> None:
    outcomes = [
        Outcome(done=100, seconds=1.0, cpu_seconds=0.5, verified=WELL),
        Outcome(done=900, seconds=1.0, cpu_seconds=1.0, verified=Verified(1, 0, 2)),
        Outcome(done=100, seconds=0.5, cpu_seconds=0.25, verified=Verified(2, 1, 0)),
    ]
    result = median_of(outcomes)
    assert (result.rate, result.cpu_rate) == (200.0, 400.0)
    assert result.faults == Verified(3, 1, 2)


def test_one_failed_run_leaves_no_figure() -> None:
    result = median_of([Outcome(done=5, seconds=1.0, verified=WELL), Outcome(error="it fell over")])
    assert not result.at_all
    assert result.error == "it fell over"


def test_takeover_sees_what_was_lost_and_what_came_out_of_order() -> None:
    watch = Watch()
    watch.lines = [Line(0, 0, offset, 0.0) for offset in (0, 1, 1, 2)] + [Line(1, 1, offset, 0.0) for offset in (1, 0)]
    assert watch.faults([3, 2]) == ["partition 1 out of order"]
    assert watch.faults([4, 2]) == ["1 lost in partition 0", "partition 1 out of order"]
