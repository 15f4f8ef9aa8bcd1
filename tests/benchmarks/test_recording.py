"""The stopwatch of a run: what it counts, and when it stops."""

import time

import pytest

from .recording import SETTLES_AFTER_S, Recorder, while_open
from .verifying import place


async def test_it_stops_at_the_last_record_wanted_and_counts_none_after_it() -> None:
    recorder = Recorder(2)
    for offset in range(3):
        recorder.note(1, offset)
    assert recorder.is_closed()
    assert list(recorder.completed) == [place(1, 0), place(1, 1)]


async def test_time_begins_with_the_first_record_and_ends_at_the_limit() -> None:
    recorder = Recorder(1_000)
    recorder.note(0, 0)
    await recorder.over(limit_s=0.05)
    assert recorder.is_closed()
    assert 0.05 <= recorder.seconds < 5.0


async def test_nothing_expires_before_the_first_record() -> None:
    assert not Recorder(1).expired(0.0)


async def test_latency_is_of_records_that_were_published_after_the_run_had_settled() -> None:
    recorder = Recorder(1_000)
    recorder.note(0, 0)
    recorder.stamped(0, 1, time.monotonic_ns())
    assert not recorder.latencies_ms
    published = time.monotonic_ns() + int((SETTLES_AFTER_S + 1) * 1e9)
    recorder.stamped(0, 2, published)
    (latency,) = recorder.latencies_ms
    assert latency == pytest.approx((time.monotonic_ns() - published) / 1e6, abs=1_000)


async def test_a_runtime_that_falls_over_is_no_figure() -> None:
    async def falls_over() -> None:
        raise ConnectionError("away")

    with pytest.raises(ConnectionError, match="away"):
        await while_open(falls_over(), Recorder(1), limit_s=5.0)


async def test_a_runtime_is_told_to_stop_when_the_run_is_over() -> None:
    stopped: list[bool] = []
    recorder = Recorder(1)

    async def work() -> None:
        recorder.note(0, 0)

    await while_open(work(), recorder, limit_s=5.0, stop=lambda: stopped.append(True))
    assert stopped == [True]
