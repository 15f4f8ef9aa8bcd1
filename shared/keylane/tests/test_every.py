"""Periodic work: one step at a time, whatever a step does."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta

from keylane import Every
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
