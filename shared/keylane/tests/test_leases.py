"""Leases live as long as the runs under them, however slow the store and whatever its adapter does."""

from __future__ import annotations

import asyncio
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from keylane import FencedError, MemoryInbox
from keylane.health import Health
from keylane.inbox import Claim
from keylane.leases import Leases
from keylane.testing import FaultyInbox, until

if TYPE_CHECKING:
    import pytest

    from keylane import Message
    from keylane.testing import Rig

LEASE: Final = timedelta(seconds=1)


async def test_a_slow_store_lets_no_lease_end_under_many_runs(memory: Rig) -> None:
    """Thirty renewals of 50 ms take one and a half leases, one after another."""
    memories = MemoryInbox()
    inbox = FaultyInbox(memories)
    claims = 30
    ended: set[str] = set()

    async def answer_slowly() -> None:
        await asyncio.sleep(0.05)
        ended.update(key for key, entry in memories._entries.items() if entry.lease_until < time.monotonic())

    inbox.before("renew", answer_slowly)
    gate = asyncio.Event()

    async def handle(_: Message) -> None:
        await gate.wait()

    worker = memory.start({"made": handle}, inbox=inbox, lease=LEASE)
    for number in range(claims):
        await memory.publish(f"e{number}", key=f"k{number}", data={})
    await until(lambda: inbox.calls["renew"] >= 2 * claims)
    assert ended == set()
    gate.set()
    await until(lambda: worker.counts.done == claims)


async def test_an_error_of_the_adapter_ends_no_renewal_and_is_said(
    memory: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    inbox = FaultyInbox(MemoryInbox())
    gate = asyncio.Event()
    unready: list[str] = []

    def break_down() -> None:
        raise RuntimeError("the pool is closed")

    async def handle(_: Message) -> None:
        await gate.wait()

    worker = memory.start({"made": handle}, inbox=inbox, lease=LEASE)
    await memory.publish("e0", data={})
    await until(lambda: worker.standing().running == 1)
    inbox.before("ping", break_down)
    await until(lambda: not worker.ready)
    unready.append(worker.why_unready)
    renewed = inbox.calls["renew"]
    await until(lambda: inbox.calls["renew"] >= renewed + 2)
    inbox.clear()
    gate.set()
    await until(lambda: worker.ready and worker.counts.done == 1)

    assert unready == ["runtime: renewal of leases: RuntimeError: the pool is closed"]
    assert "defect" in [getattr(record, "action", "") for record in caplog.records]


async def test_the_end_of_a_claim_that_was_overtaken_ends_no_later_one() -> None:
    """Two lanes of one worker, the second of which took the message over."""
    inbox = FaultyInbox(MemoryInbox())
    leases = Leases(inbox, timedelta(seconds=0.06), Health("worker"))
    first, second = Claim("g:e", "w/1", 1), Claim("g:e", "w/2", 2)
    leases.hold(first)
    leases.hold(second)
    leases.drop(first)
    renewing = asyncio.create_task(leases.renew_regularly())
    await until(lambda: inbox.calls["renew"], timeout_s=5)
    renewing.cancel()
    await asyncio.wait([renewing])


async def test_a_renewal_that_is_refused_as_its_run_ends_takes_no_lease_for_lost(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The end of the run is what refused it: a claim that is finished cannot be renewed."""
    inbox = FaultyInbox(MemoryInbox())
    lost: list[Claim] = []
    leases = Leases(inbox, timedelta(seconds=0.06), Health("worker"), lost.append)
    claim = Claim("g:e", "w/1", 1)

    def end() -> None:
        leases.drop(claim)
        raise FencedError("it is done")

    leases.hold(claim)
    inbox.before("renew", end)
    renewing = asyncio.create_task(leases.renew_regularly())
    await until(lambda: inbox.calls["ping"] >= 4, timeout_s=5)
    renewing.cancel()
    await asyncio.wait([renewing])

    assert inbox.calls["renew"] == 1
    assert lost == []
    assert "lease_lost" not in [getattr(record, "action", "") for record in caplog.records]
