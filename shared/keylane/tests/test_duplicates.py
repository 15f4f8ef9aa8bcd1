"""The same event again: beside itself, under another key, after it is done, after it is dead. I2, I10, I11."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from keylane import MemoryInbox, Message
from keylane.testing import FaultyInbox, InMemoryBroker, until

if TYPE_CHECKING:
    from keylane.testing import Rig

EVENTS, FLAKY, HOPELESS = 60, 7, 20


async def test_events_published_one_to_three_times_over_all_partitions_count_once(rig: Rig) -> None:
    chance = random.Random(3)
    runs: defaultdict[str, list[int]] = defaultdict(list)
    running: set[str] = set()

    async def handle(message: Message) -> None:
        assert message.id not in running, "two runs of one event at one time"
        running.add(message.id)
        await asyncio.sleep(0.002)
        running.discard(message.id)
        runs[message.id].append(message.attempt)
        number = message.data["n"]
        if number % HOPELESS == 0 or (number % FLAKY == 0 and message.attempt < 4):
            raise ValueError("no")

    copies = [number for number in range(EVENTS) for _ in range(chance.randint(1, 3))]
    chance.shuffle(copies)
    for place, number in enumerate(copies):
        await rig.publish(f"e{number}", key=f"k{place % 13}", data={"n": number})
    worker = rig.start({"made": handle})
    dead = len(range(0, EVENTS, HOPELESS))
    await until(lambda: sum((worker.counts.done, worker.counts.dead, worker.counts.duplicate)) == len(copies))
    for number in range(EVENTS):  # once more, now that all are done or dead
        await rig.publish(f"e{number}", key="late", data={"n": number})
    await until(lambda: worker.counts.duplicate == len(copies))
    letters = await rig.letters(dead)

    attempts = {
        f"e{number}": 5 if number % HOPELESS == 0 else 4 if number % FLAKY == 0 else 1 for number in range(EVENTS)
    }
    assert {id_: list(range(1, count + 1)) for id_, count in attempts.items()} == runs
    assert (worker.counts.done, worker.counts.dead) == (EVENTS - dead, dead)
    assert Counter(dict(letter.headers)["ce_id"] for letter in letters) == Counter(
        b"e%d" % number for number in range(0, EVENTS, HOPELESS)
    )


async def test_two_workers_that_meet_one_event_at_one_time_run_it_once(memory: Rig) -> None:
    """It lies in two partitions: the inbox decides, and whoever comes second waits for the outcome."""
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    inbox = FaultyInbox(MemoryInbox())
    gate = asyncio.Event()
    runs: list[str] = []

    async def handle(message: Message) -> None:
        runs.append(message.id)
        await gate.wait()

    workers = [memory.start({"made": handle}, inbox=inbox) for _ in range(2)]
    await until(lambda: all(worker.ready for worker in workers))
    for partition in range(4):
        headers = [("ce_id", b"e"), ("ce_type", b"made")]
        broker.append(memory.topic, key=b"k", value=b"{}", headers=headers, partition=partition)
    await until(lambda: inbox.calls["claim"] >= 4, what="all four to be asked for")
    gate.set()
    await until(lambda: sum(worker.counts.duplicate for worker in workers) == 3)

    assert runs == ["e"]
    assert sum(worker.counts.done for worker in workers) == 1
    assert sum(worker.counts.failed for worker in workers) == 0


async def test_an_undecodable_record_that_is_delivered_again_has_one_logical_letter(memory: Rig) -> None:
    """No store remembers it: its letter's id is made of its place alone."""
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    broker.refuse_commits(1_000)
    await memory.publish_raw(b"k", b"\xff", ())
    first = memory.start({"made": lambda _: None})
    await until(lambda: first.counts.dead == 1)
    await memory.stop()
    broker.refuse_commits(0)
    second = memory.start({"made": lambda _: None})
    await until(lambda: second.counts.dead == 1)
    letters = await memory.letters(2)

    assert len({dict(letter.headers)["x-dlq-id"] for letter in letters}) == 1
