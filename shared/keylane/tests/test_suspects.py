"""Messages whose runs ended with their process again and again: one of them may be what ends it, so they take turns."""

from __future__ import annotations

import asyncio
import threading
from datetime import timedelta
from typing import TYPE_CHECKING

from keylane import MemoryInbox, Message, RetryPolicy
from keylane import suspects as module
from keylane.broker import TopicPartition
from keylane.inbox import Claim
from keylane.lane import Lane
from keylane.partition import Partition
from keylane.suspects import Suspects
from keylane.testing import FaultyInbox, until

if TYPE_CHECKING:
    import pytest

    from keylane.testing import Rig

SUSPECTS = 6


async def die(inbox: MemoryInbox, rig: Rig, id_: str, *, times: int) -> None:
    """So many runs of the message ended with their process."""
    for number in range(times):
        await inbox.claim(f"{rig.group}:{id_}", owner=f"dead{number}", lease=timedelta(0))
    await rig.publish(id_, key=id_, data={})


async def test_they_run_one_at_a_time_and_hold_up_nobody_else(memory: Rig) -> None:
    inbox = MemoryInbox()
    running: set[str] = set()
    most = [0]
    gate = asyncio.Event()

    async def handle(message: Message) -> None:
        if message.id.startswith("fresh"):
            return
        running.add(message.id)
        most[0] = max(most[0], len(running))
        await gate.wait()
        await asyncio.sleep(0.005)
        running.discard(message.id)

    for number in range(SUSPECTS):
        await die(inbox, memory, f"suspect{number}", times=2)
    for number in range(20):
        await memory.publish(f"fresh{number}", key=f"f{number}", data={})
    worker = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: worker.counts.done == 20 and running)
    gate.set()
    await until(lambda: worker.counts.done == 20 + SUSPECTS, timeout_s=5)

    assert most == [1]
    assert worker.counts.dead == 0


async def test_the_victims_of_one_death_run_side_by_side(memory: Rig) -> None:
    inbox = MemoryInbox()
    together = asyncio.Barrier(SUSPECTS)

    async def handle(_: Message) -> None:
        await together.wait()

    for number in range(SUSPECTS):
        await die(inbox, memory, f"victim{number}", times=1)
    worker = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: worker.counts.done == SUSPECTS)


async def test_one_death_is_enough_where_the_second_would_be_the_last(memory: Rig) -> None:
    inbox, running, most = MemoryInbox(), [0], [0]

    async def handle(_: Message) -> None:
        running[0] += 1
        most[0] = max(most[0], running[0])
        await asyncio.sleep(0.005)
        running[0] -= 1

    for number in range(SUSPECTS):
        await die(inbox, memory, f"victim{number}", times=1)
    worker = memory.start({"made": handle}, inbox=inbox, retry=RetryPolicy(max_abandoned_claims=2))
    await until(lambda: worker.counts.done == SUSPECTS)

    assert most == [1]


async def test_those_that_wait_ask_the_store_nothing_and_leave_their_claims(memory: Rig) -> None:
    memories = MemoryInbox()
    inbox = FaultyInbox(memories)
    gate = asyncio.Event()

    async def handle(_: Message) -> None:
        await gate.wait()

    for number in range(SUSPECTS):
        await die(memories, memory, f"suspect{number}", times=3)
    worker = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: inbox.calls["release"] == SUSPECTS - 1)
    for number in range(20):  # their claims are given back, and what is held against them stays
        await memory.publish(f"fresh{number}", key=f"f{number}", data={}, type_="other")
    await until(lambda: sorted(entry.claims for entry in memories._entries.values())[:SUSPECTS] == [3] * 5 + [4])
    gate.set()
    await until(lambda: worker.counts.done == SUSPECTS)

    assert inbox.calls["release"] == SUSPECTS - 1
    assert inbox.calls["claim"] == SUSPECTS + SUSPECTS - 1, "each of those that waited asks again, once"


async def test_a_thread_that_hangs_is_told_of_and_holds_the_others_up_no_longer_than_a_run_may_take(
    memory: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "LOOK_S", 0.05)
    inbox, gate = MemoryInbox(), threading.Event()
    began: list[str] = []

    def handle(message: Message) -> None:
        began.append(message.id)
        if len(began) == 1:
            gate.wait(20)

    for number in range(SUSPECTS):
        await die(inbox, memory, f"suspect{number}", times=2)
    worker = memory.start({"made": handle}, inbox=inbox, retry=RetryPolicy(timeout=timedelta(seconds=0.3)))
    try:
        await until(lambda: worker.counts.done == SUSPECTS - 1, timeout_s=8)
    finally:
        gate.set()
    await until(lambda: worker.counts.done == SUSPECTS)

    said = [record for record in caplog.records if getattr(record, "action", "") == "suspects_wait"]
    assert said
    assert said[0].getMessage().startswith(f"{SUSPECTS - 1} messages whose runs ended with their process wait for t-")


def test_a_turn_that_ends_before_the_next_in_line_has_lain_down_is_not_waited_for() -> None:
    """It has no timer yet that could be cut short, while it gives its claim back."""
    woken: list[Lane] = []
    suspects = Suspects(RetryPolicy(), wake=woken.extend)
    partition = Partition(TopicPartition("t", 0))
    first, second = Lane(partition, b"k"), Lane(partition, b"l")
    assert suspects.may_run(first, Claim("g:a", "owner", 3, abandoned=2))
    assert not suspects.may_run(second, Claim("g:b", "owner", 3, abandoned=2))
    assert suspects.pause_s() > 1
    suspects.ended()

    assert (woken, suspects.pause_s()) == ([second], 0.0)
