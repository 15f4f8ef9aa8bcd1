"""I9: what a worker holds does not grow with what it has done."""

from __future__ import annotations

import gc
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

import keylane
from keylane import MemoryInbox, Message
from keylane.testing import InMemoryBroker, until

if TYPE_CHECKING:
    import pytest

    from keylane import Worker
    from keylane.testing import Rig

PORTION, PORTIONS = 700, 3
ALLOWED_BYTES = 30_000
"""Ten bytes per record: less than any object."""
SOURCES = str(Path(keylane.__file__).parent)


def held() -> int:
    """Bytes that keylane's own lines hold; the in-memory log, which keeps every record, left out."""
    gc.collect()
    own = [tracemalloc.Filter(True, f"{SOURCES}/*"), tracemalloc.Filter(False, f"{SOURCES}/testing/*")]
    statistics = tracemalloc.take_snapshot().filter_traces(own).statistics("filename")
    return sum(one.size for one in statistics)


async def test_what_a_worker_holds_does_not_grow_with_what_it_has_done(
    memory: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("CRITICAL", "keylane")  # lines that pytest would keep
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)

    async def handle(message: Message) -> None:
        if message.data["n"] % 100 == 0 and message.attempt == 1:
            raise ValueError("one in a hundred")

    async def portion(worker: Worker, number: int) -> None:
        for n in range(PORTION):
            id_ = f"e{number}-{n}"
            await memory.publish(id_, key=f"k{number}-{n}", data={"n": n})
            if n % 10 == 0:
                await memory.publish(id_, key=f"k{number}-{n}", data={"n": n})
        total = (number + 1) * (PORTION + PORTION // 10)
        counts = worker.counts
        await until(lambda: counts.done + counts.duplicate == total)

    worker = memory.start({"made": handle}, inbox=MemoryInbox(capacity=PORTION))
    await portion(worker, 0)
    tracemalloc.start()
    try:
        await portion(worker, 1)
        before = held()
        for number in range(2, 2 + PORTIONS):
            await portion(worker, number)
        grown = held() - before
    finally:
        tracemalloc.stop()

    assert worker.counts.failed == (2 + PORTIONS) * PORTION // 100
    assert grown < ALLOWED_BYTES, f"{grown} bytes more after {PORTION * PORTIONS} records"
