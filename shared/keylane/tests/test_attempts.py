"""I3 and I10: what counts as an attempt, and what never does."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import mongomock
import pytest

from keylane import MemoryInbox, Message, Retry, RetryPolicy, troubles
from keylane.mongo import MongoInbox
from keylane.testing import FaultyInbox, times, until

if TYPE_CHECKING:
    from collections.abc import Callable

    from keylane.testing import Rig

METHODS = ["ping", "claim", "finish", "fail", "bury", "dead"]


def mongo_inbox() -> MongoInbox:
    collection: Any = mongomock.MongoClient(tz_aware=True).db.inbox
    inbox = MongoInbox(collection, threads=1)
    inbox.create_indexes()
    return inbox


@pytest.mark.parametrize("make_inbox", [MemoryInbox, mongo_inbox])
async def test_attempts_count_across_restarts(memory: Rig, make_inbox: Callable[[], Any]) -> None:
    inbox = make_inbox()
    attempts: list[int] = []

    def handle(message: Message) -> None:
        attempts.append(message.attempt)
        if message.attempt < 3:
            raise Retry("later", after=timedelta(milliseconds=1))
        raise Retry("much later", after=timedelta(hours=1))

    await memory.publish("e", data={})
    first = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: first.counts.retried == 3)
    await memory.stop()

    def still(message: Message) -> None:
        attempts.append(message.attempt)
        raise ValueError("still not")

    second = memory.start({"made": still}, inbox=inbox)
    await until(lambda: second.counts.dead == 1)
    (letter,) = await memory.letters(1)

    assert attempts == [1, 2, 3, 4, 5]
    assert dict(letter.headers)["x-dlq-attempts"] == b"5"


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("point", ["before", "after"])
async def test_a_store_that_fails_at_any_step_costs_neither_an_attempt_nor_a_record(
    memory: Rig, method: str, point: str
) -> None:
    inbox = FaultyInbox(mongo_inbox())
    getattr(inbox, point)(method, times(1))
    runs: list[tuple[str, int]] = []

    def handle(message: Message) -> None:
        runs.append((message.id, message.attempt))
        if message.id == "bad":
            raise ValueError("no")

    await memory.publish("good", key="a", data={})
    await memory.publish("bad", key="b", data={})
    worker = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: worker.counts.done == 1 and worker.counts.dead == 1 and worker.ready)
    await memory.stop()

    assert [run for run in runs if run[0] == "bad"] == [("bad", attempt) for attempt in range(1, 6)]
    assert [run for run in runs if run[0] == "good"] == [("good", 1)], "an outage must not repeat a handler"
    assert len(await memory.letters(1)) == 1


async def test_a_store_that_is_down_makes_the_worker_unready_and_is_waited_for(memory: Rig) -> None:
    inbox = FaultyInbox(MemoryInbox())
    runs: list[int] = []
    inbox.set_down()
    await memory.publish("e", data={})
    worker = memory.start({"made": lambda message: runs.append(message.attempt)}, inbox=inbox)
    await until(lambda: "store" in worker.why_unready)
    assert not worker.ready
    inbox.set_up()
    await until(lambda: worker.counts.done == 1)
    inbox.set_down()
    await memory.publish("f", data={})
    await until(lambda: "store" in worker.why_unready)
    assert worker.counts.done == 1
    inbox.set_up()
    await until(lambda: worker.counts.done == 2 and worker.ready)

    assert runs == [1, 1]


async def test_an_idle_worker_notices_that_its_store_is_away(memory: Rig) -> None:
    inbox = FaultyInbox(MemoryInbox())
    worker = memory.start({"made": lambda _: None}, inbox=inbox, lease=timedelta(milliseconds=60))
    await until(lambda: worker.ready)
    inbox.set_down()
    await until(lambda: "store" in worker.why_unready)
    inbox.set_up()
    await until(lambda: worker.ready)


async def test_an_async_handler_that_overruns_is_cancelled_and_counts_once(memory: Rig) -> None:
    attempts: list[int] = []

    async def handle(message: Message) -> None:
        attempts.append(message.attempt)
        if message.attempt == 1:
            await asyncio.sleep(60)

    await memory.publish("e", data={})
    policy = RetryPolicy(base=timedelta(0), timeout=timedelta(milliseconds=50))
    worker = memory.start({"made": handle}, retry=policy)
    await until(lambda: worker.counts.done == 1)

    assert attempts == [1, 2]
    assert worker.counts.failed == 1


async def test_a_thread_that_overruns_is_waited_for_and_its_outcome_counts(memory: Rig) -> None:
    gate = threading.Event()
    runs: list[int] = []

    def handle(message: Message) -> None:
        runs.append(message.attempt)
        assert gate.wait(20)

    await memory.publish("e", data={})
    policy = RetryPolicy(base=timedelta(0), timeout=timedelta(milliseconds=10))
    worker = memory.start({"made": handle}, retry=policy)
    await until(lambda: runs)
    await asyncio.sleep(0.05)
    gate.set()
    await until(lambda: worker.counts.done == 1)

    assert runs == [1]
    assert worker.counts.failed == 0


async def test_an_uncounted_retry_is_repeated_without_an_attempt(memory: Rig) -> None:
    attempts: list[int] = []

    def handle(message: Message) -> None:
        attempts.append(message.attempt)
        if len(attempts) < 8:
            raise Retry("the database is away", after=timedelta(0), counted=False)

    await memory.publish("e", data={})
    worker = memory.start({"made": handle})
    await until(lambda: worker.counts.done == 1)

    assert attempts == [1] * 8
    assert worker.counts.dead == 0


async def test_a_handler_that_cancels_itself_has_failed(memory: Rig) -> None:
    async def handle(_: Message) -> None:
        raise asyncio.CancelledError

    await memory.publish("e", data={})
    worker = memory.start({"made": handle})
    await until(lambda: worker.counts.dead == 1)

    assert worker.counts.failed == 5


class Escape(BaseException):
    """As frameworks have them."""


class Mute(Exception):  # noqa: N818  a test's own
    """Cannot say what it is."""

    def __str__(self) -> str:
        raise RuntimeError("no words")


@pytest.mark.parametrize("error", [Escape, SystemExit, GeneratorExit, Mute, lambda: ValueError("\ud800")])
@pytest.mark.parametrize("on_loop", [True, False])
async def test_whatever_a_handler_raises_is_a_failed_run(
    memory: Rig, error: Callable[[], BaseException], on_loop: bool
) -> None:
    runs: list[str] = []

    def handle(message: Message) -> None:
        runs.append(message.id)
        if message.id == "bad":
            raise error()

    async def handle_on_loop(message: Message) -> None:
        handle(message)

    await memory.publish("bad", data={})
    await memory.publish("behind", data={})
    worker = memory.start({"made": handle_on_loop if on_loop else handle})
    await until(lambda: worker.counts.done == 1 and worker.counts.dead == 1)

    assert runs == ["bad"] * 5 + ["behind"]
    assert len(await memory.letters(1)) == 1


async def test_an_error_of_the_runtime_itself_keeps_the_record_and_turns_the_worker_unready(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(troubles, "DEFECT_PAUSE_S", 0.05)
    inbox = FaultyInbox(MemoryInbox())
    inbox.before("claim", times(3, lambda: UnicodeError("no store adapter is perfect")))
    await memory.publish("e", data={})
    worker = memory.start({"made": lambda _: None}, inbox=inbox)
    await until(lambda: "no store adapter is perfect" in worker.why_unready)
    await until(lambda: worker.counts.done == 1)

    assert worker.ready
    assert worker.counts.failed == 0


async def test_a_message_whose_owner_died_again_and_again_is_a_crash_loop(memory: Rig) -> None:
    inbox = MemoryInbox()
    for number in range(5):
        await inbox.claim(f"{memory.group}:e", owner=f"dead{number}", lease=timedelta(0))
    runs: list[str] = []
    await memory.publish("e", data={})
    worker = memory.start({"made": lambda message: runs.append(message.id)}, inbox=inbox)
    await until(lambda: worker.counts.dead == 1)
    (letter,) = await memory.letters(1)

    assert runs == []
    assert dict(letter.headers)["x-dlq-reason"] == b"crash_loop"
    assert dict(letter.headers)["x-dlq-attempts"] == b"0"


async def test_a_message_that_another_owner_runs_is_waited_for_and_never_dropped(memory: Rig) -> None:
    inbox = MemoryInbox()
    await inbox.claim(f"{memory.group}:e", owner="dead", lease=timedelta(milliseconds=300))
    runs: list[tuple[str, int]] = []
    await memory.publish("e", data={})
    await memory.publish("behind", data={})
    worker = memory.start({"made": lambda message: runs.append((message.id, message.fence))}, inbox=inbox)
    await until(lambda: worker.counts.done == 2)

    assert runs == [("e", 2), ("behind", 1)]


async def test_a_long_run_keeps_its_lease(memory: Rig) -> None:
    inbox = FaultyInbox(MemoryInbox())
    gate = asyncio.Event()

    async def handle(_: Message) -> None:
        await gate.wait()

    await memory.publish("e", data={})
    worker = memory.start({"made": handle}, inbox=inbox, lease=timedelta(milliseconds=90))
    await until(lambda: inbox.calls["renew"] >= 5)
    gate.set()
    await until(lambda: worker.counts.done == 1)

    assert worker.counts.fenced == 0


async def test_an_overtaken_run_is_discarded(memory: Rig) -> None:
    """I6: the lease is lost while the handler runs; the other owner's outcome stands."""
    inbox = MemoryInbox()
    runs: list[int] = []

    async def handle(message: Message) -> None:
        runs.append(message.fence)
        await asyncio.sleep(0)
        entry = inbox._entries[f"{memory.group}:e"]
        entry.lease_until = 0.0
        other = await inbox.claim(f"{memory.group}:e", owner="other", lease=timedelta(seconds=30))
        await inbox.finish(other)  # type: ignore[arg-type]  # it is a claim: the lease has just ended

    await memory.publish("e", data={})
    worker = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: worker.counts.duplicate == 1)

    assert runs == [1]
    assert worker.counts.fenced == 1
    assert worker.counts.done == 0


async def test_each_run_has_a_message_of_its_own(memory: Rig) -> None:
    """What a handler kept of a failed run still says which run it was."""
    kept: list[Message] = []

    async def handle(message: Message) -> None:
        kept.append(message)
        if message.attempt < 3:
            raise ValueError("not yet")

    await memory.publish("e", data={})
    worker = memory.start({"made": handle})
    await until(lambda: worker.counts.done == 1)

    assert [message.attempt for message in kept] == [1, 2, 3]
    assert len({message.fence for message in kept}) == 3
