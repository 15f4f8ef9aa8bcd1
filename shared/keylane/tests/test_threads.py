"""Threads for blocking work: bounded, with the caller's context, and no reason for a process to stay."""

from __future__ import annotations

import asyncio
import contextvars
import subprocess
import sys
import threading
import time

import pytest

from keylane.testing import until
from keylane.threads import Threads

HANGS = """
import asyncio, threading, time
from keylane.threads import Threads
async def main():
    Threads("hang", 1).submit(time.sleep, 60)
    await asyncio.sleep(0.05)
asyncio.run(main())
"""


async def test_no_more_than_its_size_run_at_one_time() -> None:
    threads, running, most = Threads("t", 3), 0, 0
    lock, gate = threading.Lock(), threading.Event()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        assert gate.wait(10)
        with lock:
            running -= 1

    calls = [threads.submit(work) for _ in range(10)]
    await until(lambda: running == 3)
    gate.set()
    await asyncio.gather(*calls)
    threads.close()

    assert most == 3


async def test_results_errors_and_context_come_through() -> None:
    threads, name = Threads("t", 1), contextvars.ContextVar[str]("name")
    name.set("caller's")

    def fail() -> None:
        raise KeyError("k")

    assert await threads.submit(name.get) == "caller's"
    with pytest.raises(KeyError):
        await threads.submit(fail)
    with pytest.raises(RuntimeError, match="StopIteration"):
        await threads.submit(next, iter(()))
    threads.close()


def test_a_thread_that_hangs_does_not_keep_the_process() -> None:
    started = time.monotonic()
    subprocess.run([sys.executable, "-c", HANGS], check=True, timeout=30)
    assert time.monotonic() - started < 20
