"""Periodic work: one step at a time, whatever a step does."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

import pytest
from prometheus_client import CollectorRegistry

from keylane import Every
from keylane.metrics import EveryCollector
from keylane.testing import until

OFTEN = timedelta(milliseconds=5)


async def test_a_step_runs_again_and_again_one_at_a_time() -> None:
    running, most, steps = 0, 0, 0

    async def step() -> None:
        nonlocal running, most, steps
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1
        steps += 1

    every = Every("sweep", OFTEN, step)
    task = asyncio.create_task(every.run())
    await until(lambda: steps >= 5)
    await every.stop()
    await task

    assert most == 1


async def test_a_sync_step_runs_in_a_thread_and_an_error_does_not_end_it() -> None:
    threads: list[str] = []

    def step() -> None:
        threads.append(threading.current_thread().name)
        if len(threads) == 1:
            raise ValueError("once")

    every = Every("sweep", OFTEN, step)
    task = asyncio.create_task(every.run())
    await until(lambda: threads)
    await until(lambda: len(threads) >= 3 and every.ready)
    await every.stop()
    await task

    assert all(name.startswith("sweep") for name in threads)


async def test_a_server_that_is_away_makes_it_unready_with_a_reason() -> None:
    def step() -> None:
        raise ConnectionError("the store is away")

    every = Every("sweep", OFTEN, step, outages=(ConnectionError,))
    task = asyncio.create_task(every.run())
    await until(lambda: "the store is away" in every.why_unready)
    await every.stop()
    await task


async def test_stop_lets_a_step_finish() -> None:
    started, finished = asyncio.Event(), asyncio.Event()

    async def step() -> None:
        started.set()
        await asyncio.sleep(0.05)
        finished.set()

    every = Every("sweep", timedelta(hours=1), step)
    task = asyncio.create_task(every.run())
    await started.wait()
    await every.stop()
    await task

    assert finished.is_set()


async def test_while_a_server_is_away_a_frequent_step_is_tried_ever_more_rarely() -> None:
    tries = 0

    def step() -> None:
        nonlocal tries
        tries += 1
        raise ConnectionError("away")

    every = Every("sweep", timedelta(milliseconds=1), step, outages=(ConnectionError,))
    task = asyncio.create_task(every.run())
    await asyncio.sleep(0.8)
    await every.stop()
    await task

    assert 2 <= tries <= 6, "0.1 s, 0.2 s, 0.4 s, ... at least half of each"


async def test_its_steps_are_counted_and_timed() -> None:
    def step() -> None:
        if every.step_s.count == 1:
            raise ValueError("once")

    every = Every("sweep", OFTEN, step)
    task = asyncio.create_task(every.run())
    await until(lambda: every.step_s.count >= 3)
    await every.stop()
    await task
    registry = CollectorRegistry()
    registry.register(EveryCollector(every))

    assert registry.get_sample_value("keylane_every_steps_failed_total", {"name": "sweep"}) == 1
    assert (registry.get_sample_value("keylane_every_step_duration_seconds_count", {"name": "sweep"}) or 0) >= 3
    assert registry.get_sample_value("keylane_every_ready", {"name": "sweep"}) == 1


@pytest.mark.parametrize("asynchronous", [True, False])
async def test_a_cancellation_inside_of_a_step_is_an_error_of_that_step(asynchronous: bool) -> None:
    steps = 0

    def step() -> None:
        nonlocal steps
        steps += 1
        if steps == 2:  # as when a pool closes under what waits for it
            raise asyncio.CancelledError

    async def step_async() -> None:
        step()

    every = Every("sweep", OFTEN, step_async if asynchronous else step)
    task = asyncio.create_task(every.run())
    await until(lambda: steps >= 4 or task.done())
    assert not task.done()
    await every.stop()

    assert every.failed == 1


async def test_who_cancels_it_ends_it() -> None:
    began = asyncio.Event()

    async def step() -> None:
        began.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(Every("sweep", OFTEN, step).run())
    await began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
