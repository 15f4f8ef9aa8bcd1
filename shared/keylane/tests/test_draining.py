"""A hand-over ends what keeps finished records from being committed, and begins nothing else."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest

from keylane import Message, Retry
from keylane.broker import TopicPartition
from keylane.membership import INTERRUPT_S
from keylane.testing import InMemoryBroker, until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from keylane.testing import Rig

NEVER: Final = timedelta(minutes=1)
"""Nothing is committed but by the hand-over."""


@dataclass
class Draining:
    """A partition with a record per letter, which is its key, and the worker that is about to hand it over.

    Attributes:
        gate: Opens as the hand-over begins.
        begun: Offsets, in order.
    """

    rig: Rig
    keys: str
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    begun: list[int] = field(default_factory=list)

    async def hand_over(
        self, handle: Callable[[Message], Awaitable[None]], *, done: int, running: int = 1, ready: int = 0
    ) -> int | None:
        """What is committed at its end."""
        broker = self.rig.broker
        assert isinstance(broker, InMemoryBroker)

        async def noted(message: Message) -> None:
            self.begun.append(message.offset)
            await handle(message)

        for number, key in enumerate(self.keys):
            headers = [("ce_id", b"e%d" % number), ("ce_type", b"made")]
            broker.append(self.rig.topic, key=key.encode(), value=b"{}", headers=headers, partition=0)
        settings = replace(self.rig.settings, commit_interval=NEVER)
        worker = self.rig.start({"made": noted}, settings=settings, concurrency=3 - ready)
        await until(lambda: worker.counts.done == done and worker.standing().running == running)
        await until(lambda: len(worker._lanes._ready) == ready)
        membership = worker._membership
        assert membership is not None
        revoking = asyncio.create_task(membership.revoked(list(membership.owned)))
        await asyncio.sleep(0)
        self.gate.set()
        await revoking
        assert worker.standing().running == 0
        return broker.committed(self.rig.group).get(TopicPartition(self.rig.topic, 0))


@pytest.mark.parametrize("suspends", [True, False])
async def test_a_hand_over_finishes_what_is_left_before_what_is_done_and_nothing_behind(
    memory: Rig, suspends: bool
) -> None:
    draining = Draining(memory, "aabaa")

    async def handle(message: Message) -> None:
        if message.key == b"a":
            await draining.gate.wait()
        elif suspends:
            await asyncio.sleep(0)

    assert await draining.hand_over(handle, done=1) == 3, "the third is done, and is not delivered again"
    assert draining.begun == [0, 2, 1]


async def test_a_hand_over_finishes_what_is_left_before_what_is_running(memory: Rig) -> None:
    draining = Draining(memory, "aaba")

    async def handle(_: Message) -> None:
        await draining.gate.wait()

    assert await draining.hand_over(handle, done=0, running=2) == 3
    assert draining.begun == [0, 2, 1]


async def test_a_hand_over_begins_nothing_behind_a_record_that_stays_unfinished(memory: Rig) -> None:
    """What is done behind one in retry is delivered again, whatever is added to it."""
    draining = Draining(memory, "paaba")

    async def handle(message: Message) -> None:
        if message.key == b"p":
            raise Retry("later", after=timedelta(minutes=1))
        if message.key == b"a":
            await draining.gate.wait()

    assert await draining.hand_over(handle, done=1) is None
    assert draining.begun == [0, 1, 3]


async def test_a_record_that_fails_amid_a_hand_over_ends_what_is_begun_behind_it(memory: Rig) -> None:
    draining = Draining(memory, "paab")

    async def handle(message: Message) -> None:
        if message.key != b"b":
            await draining.gate.wait()
        if message.key == b"p":
            raise Retry("later", after=timedelta(minutes=1))

    assert await draining.hand_over(handle, done=1, running=2) is None
    assert draining.begun == [0, 1, 3]


async def test_a_drain_that_has_used_up_its_time_begins_nothing_more(memory: Rig) -> None:
    """A record in retry is due again, and waits for one of two handlers that end when they are cancelled."""
    draining = Draining(memory, "pab")

    async def handle(message: Message) -> None:
        if message.key == b"p":
            raise Retry("soon", after=timedelta(seconds=0.1))
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()

    assert await draining.hand_over(handle, done=0, running=2, ready=1) is None
    assert draining.begun == [0, 1, 2]


async def test_what_is_begun_in_a_hand_over_has_no_more_time_than_what_ran_already(memory: Rig) -> None:
    draining = Draining(memory, "aab")

    async def handle(message: Message) -> None:
        if message.offset == 1:
            await asyncio.Event().wait()
        if message.key == b"a":
            await draining.gate.wait()

    began = time.monotonic()
    assert await draining.hand_over(handle, done=1) == 1
    assert draining.begun == [0, 2, 1]
    assert time.monotonic() - began < memory.settings.drain_timeout.total_seconds() + INTERRUPT_S
