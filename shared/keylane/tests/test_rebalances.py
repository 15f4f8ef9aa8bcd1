"""Members that come and go while records flow, fail and are repeated: I1 to I5 and I10 on every broker."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from keylane import MemoryInbox, Message
from keylane.testing import until

from .witness import Witness

if TYPE_CHECKING:
    import pytest

    from keylane import Worker
    from keylane.testing import Rig

KEYS, BURST, ROUNDS = 16, 8, 3
FLAKY, HOPELESS = 7, 31
"""Every seventh event fails twice, every 31st always."""


@dataclass
class Day:
    """What happened to each event."""

    witness: Witness
    published: int = 0
    over: asyncio.Event = field(default_factory=asyncio.Event)
    runs: defaultdict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    effects: defaultdict[bytes, list[int]] = field(default_factory=lambda: defaultdict(list))

    async def on_loop(self, message: Message) -> None:
        await asyncio.sleep(0.001 * (message.data["n"] % 5))  # other than the one before of its key
        self.work(message)

    def work(self, message: Message) -> None:
        number = message.data["n"]
        self.runs[number].append(message.attempt)
        if hopeless(number) or (number % FLAKY == 0 and message.attempt < 3):
            if message.attempt == 5:
                self.witness.finished.add(message.id)
            raise ValueError("not yet")
        self.effects[message.key or b""].append(number)
        self.witness.finished.add(message.id)

    async def publish(self, rig: Rig) -> None:
        """Until it is over, some of one key after the other; every third event is published again at once."""
        while not self.over.is_set():
            number = self.published
            key = f"k{number // BURST % KEYS}"
            for _ in range(1 + (number % 3 == 0)):
                kind = "made" if number % 2 else "made-in-thread"
                await rig.publish(f"e{number}", key=key, type_=kind, data={"n": number})
            self.published += 1
            if self.published % BURST == 0:
                await asyncio.sleep(0.03)


def hopeless(number: int) -> bool:
    return number % HOPELESS == 30


def finished(workers: list[Worker]) -> int:
    return sum(worker.counts.done + worker.counts.dead for worker in workers)


async def test_members_that_come_and_go_lose_nothing_and_double_nothing(
    rig: Rig, patient_leader: None, caplog: pytest.LogCaptureFixture
) -> None:
    day = Day(Witness(rig.broker))
    inbox = MemoryInbox()
    handlers = {"made": day.on_loop, "made-in-thread": day.work}
    workers = [rig.start(handlers, broker=day.witness, inbox=inbox)]
    await until(lambda: workers[0].ready)
    publishing = asyncio.create_task(day.publish(rig))
    try:
        for _ in range(ROUNDS):
            guest = rig.start(handlers, broker=day.witness, inbox=inbox)
            workers.append(guest)
            await until(lambda guest=guest: finished([guest]) > 40, what="the guest to work")  # type: ignore[misc]  # a bound default
            await guest.stop()
    finally:
        day.over.set()
        await publishing
    await until(lambda: finished(workers) == day.published, what=f"all of {day.published} events")
    letters = await rig.letters(1)
    await rig.stop()

    dead = {number for number in range(day.published) if hopeless(number)}
    done = set(range(day.published)) - dead
    assert Counter(number for numbers in day.effects.values() for number in numbers) == Counter(done), "I1, I2"
    for number, attempts in day.runs.items():
        wanted = 5 if number in dead else 3 if number % FLAKY == 0 else 1
        assert attempts == list(range(1, wanted + 1)), f"I3, I10: event {number}"
    ids = {dict(letter.headers)["x-dlq-id"]: dict(letter.headers)["ce_id"] or b"" for letter in letters}
    assert sorted(ids.values()) == sorted(b"e%d" % number for number in dead), "I3: one logical letter each"
    for key, numbers in day.effects.items():
        assert numbers == sorted(numbers), f"I4: {key!r}"
    assert day.witness.broken == [], "I5"
    assert day.witness.committed
    assert [one for one in caplog.records if getattr(one, "action", "") in ("defect", "fenced")] == []
