"""Messages whose last run ended with its process: one of them may be what ended it, so they run one at a time."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from keylane import MemoryInbox, Message, consequences
from keylane.testing import until

if TYPE_CHECKING:
    import pytest

    from keylane.testing import Rig

SUSPECTS = 6


async def test_they_run_one_at_a_time_and_hold_up_nobody_else(memory: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(consequences, "SUSPECT_PAUSE_S", 0.01)
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
        await inbox.claim(f"{memory.group}:suspect{number}", owner="dead", lease=timedelta(0))
        await memory.publish(f"suspect{number}", key=f"s{number}", data={})
    for number in range(20):
        await memory.publish(f"fresh{number}", key=f"f{number}", data={})
    worker = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: worker.counts.done == 20 and running)
    gate.set()
    await until(lambda: worker.counts.done == 20 + SUSPECTS)

    assert most == [1]
    assert worker.counts.dead == 0


async def test_waiting_for_its_turn_neither_adds_to_nor_takes_from_what_is_held_against_it(memory: Rig) -> None:
    inbox = MemoryInbox()
    gate = asyncio.Event()
    for id_ in ("one", "other"):
        for number in range(3):
            await inbox.claim(f"{memory.group}:{id_}", owner=f"dead{number}", lease=timedelta(0))
        await memory.publish(id_, key=id_, data={})

    async def handle(_: Message) -> None:
        await gate.wait()

    worker = memory.start({"made": handle}, inbox=inbox)
    await until(lambda: sorted(entry.claims for entry in inbox._entries.values()) == [3, 4])
    gate.set()
    await until(lambda: worker.counts.done == 2)
