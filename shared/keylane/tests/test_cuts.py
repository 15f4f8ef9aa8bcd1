"""Handlers that the runtime cancels: overdue, overtaken or handed over; each once, and for its own reason."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from keylane import Fatal, KafkaSettings, MemoryInbox, Message, RetryPolicy, lanes
from keylane.testing import FaultyInbox, InMemoryBroker, Rig, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

START = datetime(2026, 1, 1, tzinfo=UTC)
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
    """The next message waits for the only runner, which goes on with it."""
    cancellations: list[int] = []
    runners: list[asyncio.Task[None] | None] = []

    async def handle(message: Message) -> None:
        task = asyncio.current_task()
        assert task is not None
        runners.append(task)
        if message.id == "slow" and message.attempt == 1:
            await asyncio.Event().wait()
        cancellations.append(task.cancelling())

    for id_ in ("slow", "next"):
        await memory.publish(id_, key=id_, data={})
    policy = RetryPolicy(base=timedelta(0), timeout=timedelta(milliseconds=30))
    worker = memory.start({"made": handle}, retry=policy, concurrency=1)
    await until(lambda: worker.counts.done == 2)

    assert cancellations == [0, 0]
    assert runners[1] is runners[0] or runners[2] is runners[0], "nothing was tested"
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


async def test_a_handler_that_swallows_its_cancellation_has_its_limit_once_more_to_tidy_up(memory: Rig) -> None:
    async def handle(_: Message) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await asyncio.sleep(0.05)  # it tidies up, and calls that a success

    await memory.publish("e", data={})
    worker = memory.start({"made": handle}, retry=RetryPolicy(timeout=timedelta(seconds=0.5)))
    await until(lambda: worker.counts.done == 1)

    assert worker.counts.failed == 0


async def test_a_handler_that_hangs_after_its_cancellation_is_told_of_and_cancelled_again(
    memory: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    """It would keep its place for ever, in silence."""
    cancellations: list[int] = []

    async def handle(message: Message) -> None:
        task = asyncio.current_task()
        assert task is not None
        if message.id == "hangs" and message.attempt == 1:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await asyncio.Event().wait()
        cancellations.append(task.cancelling())

    for id_ in ("hangs", "next"):
        await memory.publish(id_, key=id_, data={})
    policy = RetryPolicy(base=timedelta(0), timeout=timedelta(milliseconds=50))
    worker = memory.start({"made": handle}, retry=policy, concurrency=1)
    await until(lambda: worker.counts.done == 2)

    assert worker.counts.failed == 1
    assert cancellations == [0, 0]
    told = [line for line in caplog.records if getattr(line, "action", "") == "overrun"]
    assert [line.__dict__["message_id"] for line in told] == ["hangs"]


def answer_by_group(error: Exception) -> Callable[[], Awaitable[None]]:
    async def child() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise error from None

    async def parent() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(child())

    return parent


def answer_directly(error: Exception) -> Callable[[], Awaitable[None]]:
    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            raise error from None

    return wait


@pytest.mark.parametrize("answer", [answer_directly, answer_by_group])
@pytest.mark.parametrize("error", [ConnectionError("lost while tidying up"), Fatal("no")])
async def test_whatever_a_handler_answers_to_a_hand_over_costs_no_attempt(
    memory: Rig, answer: Callable[[Exception], Callable[[], Awaitable[None]]], error: Exception
) -> None:
    """I10: at the last attempt it would be a dead letter that a deployment caused."""
    inbox, wait, running = MemoryInbox(), answer(error), asyncio.Event()

    async def handle(_: Message) -> None:
        running.set()
        await wait()

    await memory.publish("e", data={})
    worker = memory.start({"made": handle}, inbox=inbox, retry=RetryPolicy(max_attempts=1))
    await asyncio.wait_for(running.wait(), 10)
    await memory.stop()
    entry = inbox._entries[f"{memory.group}:e"]

    assert (entry.state, entry.owner, entry.attempts, entry.claims) == ("pending", "", 0, 0)
    assert (worker.counts.failed, worker.counts.dead) == (0, 0)


async def test_an_overrun_counts_whatever_its_handler_answers_to_the_cancellation(memory: Rig) -> None:
    """Else a message whose cleanup meets an outage would never die."""
    wait = answer_directly(ConnectionError("away"))
    await memory.publish("e", data={})
    policy = RetryPolicy(base=timedelta(0), timeout=timedelta(milliseconds=20), max_attempts=2)
    memory.start({"made": lambda _: wait()}, retry=policy, outages=[ConnectionError])
    (letter,) = await memory.letters(1)

    assert dict(letter.headers)["x-dlq-error-msg"] == b"no end within 0.02 s"


@pytest.mark.parametrize("on_loop", [True, False])
def test_a_program_that_ends_around_its_worker_costs_no_attempt(on_loop: bool) -> None:
    """I10: another part of it fails, and asyncio cancels every task there is."""
    inbox = MemoryInbox()
    gate = threading.Event()

    async def on_the_loop(_: Message) -> None:
        await asyncio.Event().wait()

    async def program() -> None:
        broker = InMemoryBroker()
        rig = Rig(broker, KafkaSettings(bootstrap_servers="memory:1"), "t", broker.publisher())
        for name in rig.topics:
            broker.create_topic(name, 1)
        worker = rig.start({"made": on_the_loop if on_loop else lambda _: void(gate.wait(10))}, inbox=inbox)
        await rig.publish("e", data={})
        await until(lambda: worker.standing().running == 1)
        asyncio.get_running_loop().call_later(0.2, gate.set)
        raise OSError("another part")

    with pytest.raises(OSError, match="another part"):
        asyncio.run(program())
    entry = inbox._entries["g:e"]

    assert (entry.state, entry.owner) == (("pending", "") if on_loop else ("done", ""))
    assert (entry.attempts, entry.claims if on_loop else 0) == (0, 0)


def void(_: Any) -> None:
    """For a handler that is one call."""


async def test_a_handler_that_cancels_its_own_task_is_not_run_for_ever(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lanes, "LOST_PAUSE_S", 0.01)

    async def handle(message: Message) -> None:
        task = asyncio.current_task()
        assert task is not None
        if message.id == "bad":
            task.cancel()
        await asyncio.sleep(0)

    await memory.publish("bad", data={})
    await memory.publish("behind", data={})
    worker = memory.start({"made": handle}, concurrency=1)
    await until(lambda: worker.counts.done == 1)

    assert (worker.counts.failed, worker.counts.dead) == (5, 1)


async def test_a_runner_whose_handler_took_a_cancellation_for_itself_runs_no_other(memory: Rig) -> None:
    """As libraries do that end a block by cancelling the task, and never take that back."""
    cancellations: list[int] = []

    async def handle(_: Message) -> None:
        task = asyncio.current_task()
        assert task is not None
        cancellations.append(task.cancelling())
        await asyncio.sleep(0)
        if len(cancellations) == 1:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()

    for id_ in ("first", "next"):
        await memory.publish(id_, key=id_, data={})
    worker = memory.start({"made": handle}, concurrency=1)
    await until(lambda: worker.counts.done == 2)

    assert cancellations == [0, 0]


@pytest.mark.parametrize("structured", [True, False])
@pytest.mark.parametrize("value", ["x", START])
async def test_another_run_of_a_message_sees_nothing_of_what_the_first_did_to_it(
    memory: Rig, structured: bool, value: Any
) -> None:
    """Else a change would look like another event under a used id, or like nothing that JSON can spell."""
    seen: list[dict[str, Any]] = []

    async def handle(message: Message) -> None:
        await asyncio.sleep(0)
        seen.append(dict(message.data))
        message.data["at"] = value
        if message.attempt == 1:
            raise ValueError("not yet")

    if structured:
        envelope = {"specversion": "1.0", "id": "e", "type": "made", "source": "s", "data": {"a": 1}}
        headers = [("content-type", b"application/cloudevents+json")]
        await memory.publish_raw(b"k", json.dumps(envelope).encode(), headers)
    else:
        await memory.publish("e", data={"a": 1})
    worker = memory.start({"made": handle})
    await until(lambda: worker.counts.done + worker.counts.dead == 1)

    assert seen == [{"a": 1}, {"a": 1}]
    assert worker.counts.dead == 0


async def test_an_awaitable_that_a_plain_function_returns_has_the_same_limit(memory: Rig) -> None:
    async def forever() -> None:
        await asyncio.Event().wait()

    await memory.publish("e", data={})
    policy = RetryPolicy(base=timedelta(0), timeout=timedelta(milliseconds=20), max_attempts=2)
    worker = memory.start({"made": lambda _: forever()}, retry=policy)
    (letter,) = await memory.letters(1)

    assert dict(letter.headers)["x-dlq-error-type"] == b"keylane.errors.OverrunError"
    assert dict(letter.headers)["x-dlq-error-msg"] == b"no end within 0.02 s"
    assert worker.counts.failed == 2


@pytest.mark.parametrize("stubborn", [False, True])
async def test_what_follows_a_cut_is_told_to_the_store_by_a_task_that_counts_as_cancelled_by_nobody(
    memory: Rig, stubborn: bool
) -> None:
    """Else a store's adapter whose library counts cancellations gives up what it was asked; also after two."""
    inbox = FaultyInbox(MemoryInbox())
    counted: list[int] = []

    def count() -> None:
        task = asyncio.current_task()
        assert task is not None
        counted.append(task.cancelling())

    async def handle(_: Message) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            if stubborn:
                await asyncio.Event().wait()

    inbox.before("fail", count)
    await memory.publish("e", data={})
    policy = RetryPolicy(base=timedelta(0), timeout=timedelta(milliseconds=20), max_attempts=2)
    memory.start({"made": handle}, retry=policy, inbox=inbox)
    await memory.letters(1)

    assert counted == [0]
