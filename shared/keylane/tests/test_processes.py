"""Real worker processes that are killed, and handlers that block: I1, I2, I4 under kill -9."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from keylane.testing import until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from keylane import Message
    from keylane.testing import Rig

PROGRAM = Path(__file__).parent / "programs" / "worker_process.py"
LANES = 20


@contextlib.contextmanager
def processes(rig: Rig, folder: Path, count: int, *more: str) -> Iterator[list[subprocess.Popen[bytes]]]:
    arguments = [sys.executable, str(PROGRAM), rig.settings.bootstrap_servers, rig.topic, rig.group, str(folder), *more]
    running = [subprocess.Popen(arguments) for _ in range(count)]
    try:
        yield running
    finally:
        for process in running:
            process.kill()
            process.wait()


def effects(folder: Path) -> int:
    return len(list(folder.glob("effect-*")))


def runs(folder: Path) -> list[tuple[int, str, int, int]]:
    log = folder / "runs"
    lines = (line.split() for line in log.read_text().splitlines()) if log.exists() else ()
    return [(int(pid), key, int(number), int(attempt)) for pid, key, number, attempt in lines]


async def publish(rig: Rig, start: int, count: int) -> int:
    """Publish that many more events, spread over the lanes; returns how many there are now."""
    for number in range(start, start + count):
        await rig.publish(f"e{number}", key=f"k{number % LANES}", data={"n": number})
    return start + count


def in_key_order(folder: Path) -> bool:
    """Whether the first runs of each key came in the order of the log."""
    firsts: defaultdict[str, list[int]] = defaultdict(list)
    for _, key, number, _ in runs(folder):
        if number not in firsts[key]:
            firsts[key].append(number)
    return all(numbers == sorted(numbers) for numbers in firsts.values())


async def all_effects(folder: Path, total: int) -> None:
    await until(lambda: effects(folder) == total, what=f"{total} effects")


async def kill_one_of_two(rig: Rig, folder: Path, *more: str) -> int:
    """Kill a worker in the middle of its work beside another one; returns how many events there were."""
    total = 0
    with processes(rig, folder, 2, *more) as (victim, survivor):
        while len({run[0] for run in runs(folder)}) < 2:  # until both have their partitions
            total = await publish(rig, total, LANES)
            await all_effects(folder, total)
        seen = len(runs(folder))
        publishing = asyncio.create_task(publish(rig, total, 6 * LANES))  # beside it, or all might be done by then
        await until(lambda: victim.pid in {run[0] for run in runs(folder)[seen:]}, what="the victim at work")
        victim.send_signal(signal.SIGKILL)
        victim.wait()
        total = await publishing
        await all_effects(folder, total)
        survivor.send_signal(signal.SIGTERM)
        await asyncio.to_thread(survivor.wait, 10)
        assert survivor.returncode == 0
    return total


async def test_a_killed_worker_loses_nothing_and_keeps_each_key_in_order(mock: Rig, tmp_path: Path) -> None:
    await kill_one_of_two(mock, tmp_path)

    assert in_key_order(tmp_path)
    assert {attempt for _, _, _, attempt in runs(tmp_path)} == {1}, "a crash is no failed attempt"


@pytest.mark.wire
async def test_a_killed_worker_on_real_servers_repeats_only_what_had_no_outcome(kafka: Rig, tmp_path: Path) -> None:
    uri = os.environ["MONGODB_URI"]  # noqa: TID251  the wire tests' one setting
    total = await kill_one_of_two(kafka, tmp_path, uri)

    assert in_key_order(tmp_path)
    assert {attempt for _, _, _, attempt in runs(tmp_path)} == {1}, "a crash is no failed attempt"
    assert len(runs(tmp_path)) - total <= 4, "only the four runs that the kill cut short may be repeated"


async def test_a_handler_that_blocks_its_thread_does_not_stall_the_membership(
    mock: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    session_s = mock.settings.session_timeout.total_seconds()

    gaps: list[float] = []

    def handle(_: Message) -> None:
        time.sleep(session_s * 1.4)

    async def tick() -> None:
        while True:
            last = time.monotonic()
            try:
                await asyncio.sleep(0.01)
            finally:
                gaps.append(time.monotonic() - last)

    await mock.publish("e", data={})
    caplog.set_level("INFO", "keylane")
    ticking = asyncio.create_task(tick())
    worker = mock.start({"made": handle})
    await until(lambda: worker.counts.done == 1)
    ticking.cancel()
    await asyncio.wait([ticking])

    assert max(gaps) < session_s, "the loop that sends heartbeats stood still"
    assert [record.action for record in caplog.records if hasattr(record, "action")].count("assigned") == 1
