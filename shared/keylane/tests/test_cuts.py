"""Handlers that the runtime cancels: overdue, overtaken or handed over; each once, and for its own reason."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from keylane import MemoryInbox, Message, RetryPolicy
from keylane.testing import FaultyInbox, until

if TYPE_CHECKING:
    import pytest

    from keylane.testing import Rig

LEASE = timedelta(seconds=0.3)


async def test_a_run_whose_lease_was_lost_is_cancelled_and_counts_no_attempt(
    memory: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """I6, I10: another owner took the message while the store was away for this one; that one's result stands."""
    store = MemoryInbox()
    inbox = FaultyInbox(store)
    running, cancelled = asyncio.Event(), asyncio.Event()

    async def handle(_: Message) -> None:
        running.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.set()
            raise

    await memory.publish("e", data={})
    worker = memory.start({"made": handle}, inbox=inbox, lease=LEASE)
    await asyncio.wait_for(running.wait(), 10)
    key = f"{memory.group}:e"
    store._entries[key].lease_until = 0.0  # it was frozen for longer than its lease
    taken = await store.claim(key, owner="another", lease=timedelta(seconds=60))
    await asyncio.wait_for(cancelled.wait(), 10)
    await store.finish(taken)  # type: ignore[arg-type]  # it was free
    await until(lambda: worker.counts.duplicate == 1)

    assert (worker.counts.failed, worker.counts.fenced, worker.counts.done) == (0, 1, 0)
    assert store._entries[key].attempts == 0
    assert "the lease was lost while it ran" in caplog.text


async def test_a_runner_whose_handler_was_overdue_is_as_good_as_new(memory: Rig) -> None:
    cancellations: list[int] = []

    async def handle(message: Message) -> None:
        if message.id == "slow" and message.attempt == 1:
            await asyncio.Event().wait()
        task = asyncio.current_task()
        assert task is not None
        cancellations.append(task.cancelling())

    for id_ in ("slow", "next"):
        await memory.publish(id_, data={})
    policy = RetryPolicy(base=timedelta(0), timeout=timedelta(milliseconds=30))
    worker = memory.start({"made": handle}, retry=policy, concurrency=1)
    await until(lambda: worker.counts.done == 2)

    assert cancellations == [0, 0]
    assert worker.counts.failed == 1


async def test_only_the_overdue_are_cancelled(memory: Rig) -> None:
    """Handlers that start at different times, each with its own limit, and one that ends by itself just before it."""
    ended: list[str] = []

    async def handle(message: Message) -> None:
        if message.attempt == 1:
            await asyncio.sleep(message.data["seconds"])
        ended.append(f"{message.id}/{message.attempt}")

    policy = RetryPolicy(base=timedelta(0), timeout=timedelta(seconds=0.5))
    worker = memory.start({"made": handle}, retry=policy)
    await memory.publish("long", key="a", data={"seconds": 60})
    await asyncio.sleep(0.2)
    await memory.publish("short", key="b", data={"seconds": 0.4})
    await until(lambda: worker.counts.done == 2)

    assert sorted(ended) == ["long/2", "short/1"]


async def test_a_handler_that_swallows_its_cancellation_is_not_cancelled_again(memory: Rig) -> None:
    async def handle(_: Message) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.1)  # it tidies up, and calls that a success

    await memory.publish("e", data={})
    worker = memory.start({"made": handle}, retry=RetryPolicy(timeout=timedelta(milliseconds=20)))
    await until(lambda: worker.counts.done == 1)

    assert worker.counts.failed == 0


async def test_an_awaitable_that_a_plain_function_returns_has_the_same_limit(memory: Rig) -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    await memory.publish("e", data={})
    policy = RetryPolicy(base=timedelta(0), timeout=timedelta(milliseconds=20), max_attempts=2)
    worker = memory.start({"made": lambda _: forever()}, retry=policy)
    (letter,) = await memory.letters(1)

    assert dict(letter.headers)["x-dlq-error-type"] == b"builtins.TimeoutError"
    assert dict(letter.headers)["x-dlq-error-msg"] == b"no end within 0.02 s"
    assert worker.counts.failed == 2
