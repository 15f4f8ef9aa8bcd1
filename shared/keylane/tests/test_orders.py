"""`order`: which records wait for each other, and which never do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Literal

import pytest

from keylane.testing import InMemoryBroker, until

if TYPE_CHECKING:
    from keylane import Message
    from keylane.testing import Rig

HEADERS = (("ce_type", b"made"),)


def append(rig: Rig, id_: str, key: bytes | None, partition: int = 0) -> None:
    assert isinstance(rig.broker, InMemoryBroker)
    headers = [("ce_id", id_.encode()), *HEADERS]
    rig.broker.append(rig.topic, key=key, value=b"{}", headers=headers, partition=partition)


async def side_by_side(rig: Rig, order: Literal["key", "partition", "none"]) -> list[str]:
    """Which of five records run beside the first, which does not end: two of its key, two null keys, one elsewhere."""
    running: list[str] = []
    gate = asyncio.Event()

    async def handle(message: Message) -> None:
        running.append(message.id)
        await gate.wait()

    append(rig, "first", b"k")
    append(rig, "same key", b"k")
    append(rig, "null 1", None)
    append(rig, "null 2", None)
    append(rig, "elsewhere", b"k", partition=1)
    worker = rig.start({"made": handle}, order=order)
    await until(lambda: len(running) >= 2)
    await asyncio.sleep(0.05)  # time for one that must not run
    beside = sorted(running)
    gate.set()
    await until(lambda: worker.counts.done == 5)
    return beside


async def test_of_one_key_one_runs_at_a_time_and_a_null_key_waits_for_nobody(memory: Rig) -> None:
    assert await side_by_side(memory, "key") == ["elsewhere", "first", "null 1", "null 2"]


async def test_of_one_partition_one_runs_at_a_time_whatever_its_key(memory: Rig) -> None:
    assert await side_by_side(memory, "partition") == ["elsewhere", "first"]


async def test_without_order_everything_runs_side_by_side(memory: Rig) -> None:
    assert await side_by_side(memory, "none") == ["elsewhere", "first", "null 1", "null 2", "same key"]


@pytest.mark.parametrize(("order", "waits"), [("key", {"b"}), ("partition", {"b", "c", "d"}), ("none", set())])
async def test_a_record_that_is_retried_holds_up_only_those_that_are_ordered_behind_it(
    memory: Rig, order: str, waits: set[str]
) -> None:
    """Also a crash of order: whoever waits runs after the retry, in log order."""
    gate = asyncio.Event()
    done: list[str] = []

    async def handle(message: Message) -> None:
        if message.id == "a" and message.attempt == 1:
            await gate.wait()
            raise ValueError("once")
        done.append(message.id)

    for id_, key in (("a", b"k"), ("b", b"k"), ("c", b"l"), ("d", None)):
        append(memory, id_, key)
    worker = memory.start({"made": handle}, order=order)
    free = {"b", "c", "d"} - waits
    await until(lambda: set(done) == free)
    gate.set()
    await until(lambda: worker.counts.done == 4)

    assert done[len(free) :] == ["a", *sorted(waits)]


async def test_an_empty_key_is_a_key(memory: Rig) -> None:
    most = running = 0

    async def handle(_: Message) -> None:
        nonlocal most, running
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.01)
        running -= 1

    for number in range(4):
        append(memory, f"e{number}", b"")
    worker = memory.start({"made": handle})
    await until(lambda: worker.counts.done == 4)

    assert most == 1
