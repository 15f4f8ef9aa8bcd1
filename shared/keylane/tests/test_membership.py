"""A membership that breaks in whatever way is followed by another, and what ends a worker is kept."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Any

import pytest

from keylane import ConfigurationError, MemoryInbox, Message
from keylane.membership import Membership
from keylane.testing import until
from keylane.testing.memory_broker import MemorySubscription

if TYPE_CHECKING:
    from keylane.testing import Rig

PARTITIONS = 4
"""As many as the rig's topics have."""


@pytest.mark.parametrize("error", [AssertionError("no such state"), AttributeError("_coordinator"), KeyError(0)])
async def test_a_defect_of_the_client_in_a_poll_is_said_and_a_new_membership_goes_on(
    memory: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    honest, polls = MemorySubscription.poll, [0]
    unready: list[str] = []

    async def poll(self: MemorySubscription, **options: Any) -> Any:
        polls[0] += 1
        if polls[0] == 3:
            raise error
        return await honest(self, **options)

    monkeypatch.setattr(MemorySubscription, "poll", poll)
    worker = memory.start({"made": lambda _: None})
    await until(lambda: polls[0] == 3)
    await memory.publish("e", data={})

    def done() -> bool:
        unready.append(worker.why_unready)
        return worker.counts.done == 1

    await until(done)
    assert f"broker: {type(error).__name__}: {error}" in unready
    defects = [record for record in caplog.records if getattr(record, "action", "") == "defect"]
    assert [record.getMessage() for record in defects] == ["the membership broke: joining anew"]
    assert worker.measures.rebalances == 2
    await until(lambda: worker.ready)


async def test_what_cannot_heal_still_ends_it_and_is_kept_for_who_asks_later(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def poll(*_: Any, **__: Any) -> Any:
        raise ConfigurationError("another process has the name 'one'")

    monkeypatch.setattr(MemorySubscription, "poll", poll)
    worker = memory.worker({"made": lambda _: None})
    with pytest.raises(ConfigurationError):
        await asyncio.wait_for(worker.run(), 10)

    assert worker.why_unready == "broker: stopped: another process has the name 'one'"


async def test_a_worker_that_was_stopped_says_no_more_than_that(memory: Rig) -> None:
    worker = memory.start({"made": lambda _: None})
    await until(lambda: worker.ready)
    await memory.stop()

    assert worker.why_unready == "broker: stopped"


def key_elsewhere(key: str) -> str:
    """A key whose records are in another partition."""
    place = zlib.crc32(key.encode()) % PARTITIONS
    return next(other for other in map(str, range(100)) if zlib.crc32(other.encode()) % PARTITIONS != place)


async def test_what_comes_while_its_partition_is_handed_over_is_not_passed_over(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The client delivers on; nothing of it begins here, and a log that seems worked off to its end is not."""
    gate, inbox = asyncio.Event(), MemoryInbox()
    runs: list[str] = []
    polls: list[int] = []
    honest = Membership._pass_gaps

    def pass_gaps(self: Membership) -> None:
        honest(self)
        polls.append(1)

    monkeypatch.setattr(Membership, "_pass_gaps", pass_gaps)

    async def handle(message: Message) -> None:
        runs.append(message.id)
        if message.id == "slow":
            await gate.wait()

    worker = memory.start({"made": handle}, inbox=inbox)
    await memory.publish("first", key="a", data={})
    await until(lambda: worker.counts.done == 1)
    await memory.publish("slow", key=key_elsewhere("a"), data={})
    await until(lambda: runs == ["first", "slow"])
    membership = worker._membership
    assert membership is not None
    handing = asyncio.create_task(membership.revoked(list(membership.owned)))
    await memory.publish("late", key="a", data={})
    await until(lambda: worker.measures.fetched == 3, what="it to be delivered, and dropped")
    polls.clear()
    await until(lambda: len(polls) >= 3, what="polls that find nothing new")
    gate.set()
    await handing
    await memory.stop()
    memory.start({"made": handle}, inbox=inbox)
    await until(lambda: "late" in runs, timeout_s=5)
