"""The promises of a worker, the same on every broker."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING

from keylane import Fatal, MemoryInbox, Message, Retry, Skip
from keylane.testing import NO_WAIT, until

if TYPE_CHECKING:
    from keylane.testing import Rig


async def test_every_record_is_handled_once_and_each_key_in_order(rig: Rig) -> None:
    runs: defaultdict[bytes | None, list[int]] = defaultdict(list)

    async def handle(message: Message) -> None:
        await asyncio.sleep(0.001 * (message.data["number"] % 3))
        runs[message.key].append(message.data["number"])

    for number in range(120):
        await rig.publish(f"e{number}", key=f"k{number % 7}", data={"number": number})
    worker = rig.start({"made": handle})
    await until(lambda: worker.counts.done == 120)

    assert worker.ready, worker.why_unready
    for key, numbers in runs.items():
        assert numbers == sorted(numbers), key
    assert sorted(number for numbers in runs.values() for number in numbers) == list(range(120))


async def test_the_same_event_published_three_times_has_one_effect(rig: Rig) -> None:
    effects: list[str] = []

    def handle(message: Message) -> None:
        effects.append(message.id)

    for _ in range(3):
        for number in range(10):
            await rig.publish(f"e{number}", key=f"k{number}", data={})
    for number in range(10):
        await rig.publish(f"e{number}", key=f"other-{number}", data={})
    worker = rig.start({"made": handle})
    await until(lambda: worker.counts.done + worker.counts.duplicate == 40)

    assert sorted(effects) == sorted(f"e{number}" for number in range(10))


async def test_four_failures_then_success_leave_no_dead_letter(rig: Rig) -> None:
    attempts: list[int] = []

    def handle(message: Message) -> None:
        attempts.append(message.attempt)
        if message.attempt < 5:
            raise ConnectionError("not yet")

    await rig.publish("e", data={})
    worker = rig.start({"made": handle})
    await until(lambda: worker.counts.done == 1)

    assert attempts == [1, 2, 3, 4, 5]
    assert worker.counts.dead == 0


async def test_five_failures_give_exactly_one_dead_letter_with_identical_bytes(rig: Rig) -> None:
    runs: list[str] = []

    def handle(message: Message) -> None:
        runs.append(message.id)
        if message.id == "bad":
            raise ValueError("it cannot be done")

    value = b'{"name": "\xc3\xa9t\xc3\xa9",   "n": 1.50}'
    headers = [("x-dlq-attempts", b"99"), ("trace", b"\x00\xff"), ("twice", b"1"), ("twice", b"2"), ("null", None)]
    await rig.publish("before", data={})
    await rig.publish("bad", key=b"k", value=value, headers=headers)
    await rig.publish("after", data={})
    worker = rig.start({"made": handle})
    await until(lambda: worker.counts.done == 2)
    (letter,) = await rig.letters(1)

    assert runs == ["before", "bad", "bad", "bad", "bad", "bad", "after"]
    assert (letter.key, letter.value) == (b"k", value)
    kept = [pair for pair in letter.headers if not pair[0].startswith("x-dlq-")]
    assert kept == [("ce_id", b"bad"), ("ce_type", b"made"), *headers[1:]]
    added = dict(letter.headers)
    assert added["x-dlq-reason"] == b"exhausted"
    assert added["x-dlq-attempts"] == b"5"
    assert added["x-dlq-topic"] == rig.topic.encode()
    assert added["x-dlq-error-type"] == b"builtins.ValueError"
    assert added["x-dlq-error-msg"] == b"it cannot be done"
    assert len([name for name, _ in letter.headers if name == "x-dlq-attempts"]) == 1


async def test_a_fatal_error_is_dead_after_one_run_and_a_skip_is_done(rig: Rig) -> None:
    runs: list[str] = []

    def handle(message: Message) -> None:
        runs.append(message.id)
        raise Fatal("no seat can ever fit") if message.id == "fatal" else Skip("not ours")

    await rig.publish("fatal", data={})
    await rig.publish("skip", data={})
    worker = rig.start({"made": handle})
    await until(lambda: worker.counts.done == 1)
    (letter,) = await rig.letters(1)

    assert runs == ["fatal", "skip"]
    assert dict(letter.headers)["x-dlq-reason"] == b"fatal"


async def test_a_key_in_retry_holds_up_its_own_key_only(rig: Rig) -> None:
    runs: list[str] = []
    gate = asyncio.Event()

    async def handle(message: Message) -> None:
        if message.id == "slow" and not gate.is_set():
            raise ConnectionError("not yet")
        runs.append(message.id)

    await rig.publish("slow", key="slow", data={})
    await rig.publish("behind", key="slow", data={})
    for number in range(50):
        await rig.publish(f"e{number}", key=f"k{number}", data={})
    worker = rig.start({"made": handle}, outages=[ConnectionError])
    await until(lambda: worker.counts.done == 50)
    assert "behind" not in runs
    assert "handler" in worker.why_unready
    gate.set()
    await until(lambda: worker.counts.done == 52)

    assert runs[-2:] == ["slow", "behind"]
    assert worker.counts.failed == 0
    assert worker.ready


async def test_a_key_that_waits_for_an_hour_holds_up_nobody_and_is_not_run_meanwhile(rig: Rig) -> None:
    attempts: list[int] = []

    def handle(message: Message) -> None:
        if message.id == "slow":
            attempts.append(message.attempt)
            raise Retry("in an hour", after=timedelta(hours=1))

    await rig.publish("slow", key="slow", data={})
    await rig.publish("behind", key="slow", data={})
    for number in range(50):
        await rig.publish(f"e{number}", key=f"k{number}", data={})
    worker = rig.start({"made": handle})
    await until(lambda: worker.counts.done == 50 and worker.counts.retried == 1)

    assert attempts == [1]
    assert worker.ready, "one message in retry is the ordinary case"


async def test_ignored_types_are_completed_and_unknown_ones_dead_lettered(rig: Rig) -> None:
    await rig.publish("i", type_="unwanted", data={})
    await rig.publish("u", type_="unheard-of", data={})
    await rig.publish("m", type_="made", data={})
    worker = rig.start({"made": lambda _: None}, ignored=["unwanted"])
    await until(lambda: worker.counts.done == 1)
    (letter,) = await rig.letters(1)

    assert dict(letter.headers)["x-dlq-reason"] == b"unknown_type"
    assert dict(letter.headers)["ce_id"] == b"u"
    assert worker.counts.ignored == 1


async def test_a_second_worker_starts_where_the_first_one_stopped(rig: Rig) -> None:
    runs: list[str] = []

    def handle(message: Message) -> None:
        runs.append(message.id)

    for number in range(30):
        await rig.publish(f"e{number}", key=f"k{number}", data={})
    first = rig.start({"made": handle})
    await until(lambda: first.counts.done == 30)
    await rig.stop()
    await rig.publish("last", data={})
    second = rig.start({"made": handle}, inbox=MemoryInbox())
    await until(lambda: second.counts.done == 1)

    assert len(runs) == 31, "what was committed must not come again"


async def test_stop_lets_a_running_handler_finish(rig: Rig) -> None:
    running, finished = asyncio.Event(), asyncio.Event()

    async def handle(_: Message) -> None:
        running.set()
        await asyncio.sleep(0.3)
        finished.set()

    await rig.publish("e", data={})
    worker = rig.start({"made": handle})
    await asyncio.wait_for(running.wait(), 15)
    await rig.stop()

    assert finished.is_set()
    assert worker.counts.done == 1


async def test_a_shutdown_that_cuts_a_handler_short_costs_no_attempt(rig: Rig) -> None:
    inbox = MemoryInbox()
    running = asyncio.Event()
    attempts: list[int] = []

    async def hang(message: Message) -> None:
        attempts.append(message.attempt)
        running.set()
        await asyncio.sleep(60)

    await rig.publish("e", data={})
    rig.start({"made": hang}, inbox=inbox)
    await asyncio.wait_for(running.wait(), 15)
    started = time.monotonic()
    await rig.stop()
    assert time.monotonic() - started < rig.settings.stop_timeout.total_seconds()

    def work(message: Message) -> None:
        attempts.append(message.attempt)

    second = rig.start({"made": work}, inbox=inbox, retry=NO_WAIT)
    await until(lambda: second.counts.done == 1)

    assert attempts == [1, 1]
    assert second.counts.dead == 0
