"""What is left behind when partitions go: no claim renewed, no trouble, no lane; and commits that do not end unseen."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from keylane import BrokerUnavailableError, MemoryInbox, membership
from keylane.errors import StoreUnavailableError
from keylane.testing import FaultyInbox, InMemoryBroker, until
from keylane.testing.memory_broker import MemorySubscription

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

    from keylane import Message
    from keylane.testing import Rig


class Nobody:
    """Listens for a member that wants none of the topics."""

    async def assigned(self, _: object) -> None:
        pass

    async def revoked(self, _: object) -> None:
        pass

    def skipped(self, *_: object) -> None:
        pass


async def rebalance(rig: Rig) -> None:
    """All partitions go, and come back."""
    passing = rig.broker.subscription(rig.group, ["other"], Nobody())
    await passing.start()
    await passing.close(timeout_s=1.0)


async def test_a_claim_that_could_not_be_given_back_in_time_is_renewed_no_more(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store hangs as a run is cut short for a hand-over, and fails after it: the message must run again."""
    monkeypatch.setattr(membership, "INTERRUPT_S", 0.1)
    inbox, runs, hanging = FaultyInbox(MemoryInbox()), 0, asyncio.Event()

    async def handle(_: Message) -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            await asyncio.Event().wait()

    async def hang() -> None:
        inbox.clear()
        await hanging.wait()
        raise StoreUnavailableError("timed out")

    worker = memory.start({"made": handle}, inbox=inbox, lease=timedelta(seconds=0.5))
    await memory.publish("e0", data={})
    await until(lambda: runs == 1)
    inbox.before("release", hang)
    await rebalance(memory)
    hanging.set()
    await until(lambda: worker.counts.done == 1, timeout_s=8)


async def test_a_run_that_ends_in_an_outage_after_its_hand_over_leaves_no_trouble(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(membership, "INTERRUPT_S", 0.1)
    runs, cleaned = 0, asyncio.Event()

    async def handle(_: Message) -> None:
        nonlocal runs
        runs += 1
        if runs == 1:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                await cleaned.wait()
                raise ConnectionError("away") from None

    worker = memory.start({"made": handle}, outages=[ConnectionError], lease=timedelta(seconds=0.5))
    await memory.publish("e0", data={})
    await until(lambda: runs == 1)
    await rebalance(memory)
    cleaned.set()
    await until(lambda: worker.counts.done == 1 and worker.ready and not worker.standing().running, timeout_s=8)


async def test_a_membership_that_breaks_amid_a_drain_keeps_no_lanes(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One budget of a broken membership is the stop's, and the handler does not end within it."""
    memory.settings = memory.settings.__class__(
        bootstrap_servers="memory:1", stop_timeout=timedelta(seconds=0.5), drain_timeout=timedelta(seconds=0.4)
    )
    cleaned = asyncio.Event()
    poll, broken = MemorySubscription.poll, asyncio.Event()

    async def break_once(self: MemorySubscription, **limits: Any) -> Any:
        if broken.is_set():
            broken.clear()
            raise BrokerUnavailableError("broken")
        return await poll(self, **limits)

    async def handle(_: Message) -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            await cleaned.wait()

    monkeypatch.setattr(MemorySubscription, "poll", break_once)
    for number in range(10):
        await memory.publish(f"e{number}", data={})
    worker = memory.start({"made": handle})
    await until(lambda: worker.standing().running == 1)
    before = list(worker._lanes._lanes)
    broken.set()
    await until(lambda: not set(before) & set(worker._lanes._lanes), timeout_s=5)
    cleaned.set()


async def test_commits_go_on_after_one_that_failed_as_none_should(
    memory: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A defect of the client, and a future of its own that it cancelled."""
    assert isinstance(memory.broker, InMemoryBroker)
    commit = MemorySubscription.commit
    errors: list[BaseException] = [RuntimeError("a defect"), asyncio.CancelledError()]

    async def fail_twice(self: MemorySubscription, offsets: Mapping[Any, int]) -> None:
        if errors:
            raise errors.pop(0)
        await commit(self, offsets)

    monkeypatch.setattr(MemorySubscription, "commit", fail_twice)
    worker = memory.start({"made": lambda _: None})
    await memory.publish("e0", data={})
    await until(lambda: worker.counts.done == 1 and not worker.ready)
    committed = memory.broker.committed
    await until(lambda: 1 in committed(memory.group).values() and worker.ready, timeout_s=8)

    assert [getattr(record, "action", "") for record in caplog.records].count("defect") == 2
