"""A server that is away is left alone by all who need it, but for one probe at a time; the others go on."""

from __future__ import annotations

import asyncio
import logging
import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from keylane import MemoryInbox, RetryPolicy
from keylane.broker import TopicPartition
from keylane.circuit import STORE, Circuit
from keylane.health import Health
from keylane.lane import Lane
from keylane.partition import Partition
from keylane.testing import FaultyInbox, InMemoryBroker, until

if TYPE_CHECKING:
    from collections.abc import Collection

    import pytest

    from keylane import Message
    from keylane.testing import Rig

KEYS = 1_000


class Away(Exception):  # noqa: N818  a fact about a server
    pass


def actions(caplog: pytest.LogCaptureFixture, *wanted: str) -> list[str]:
    found = [getattr(record, "action", "") for record in caplog.records if record.name == "keylane"]
    return [action for action in found if action in wanted]


async def test_a_thousand_keys_do_not_each_hammer_a_dead_store(memory: Rig, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "keylane")
    inbox = FaultyInbox(MemoryInbox())
    runs: list[str] = []
    worker = memory.start({"made": lambda message: runs.append(message.id)}, inbox=inbox, concurrency=16)
    await until(lambda: worker.ready)
    inbox.set_down()
    for number in range(KEYS):
        await memory.publish(f"e{number}", key=f"k{number}", data={})
    await until(lambda: inbox.calls["claim"] >= 5 and not worker.ready)
    held = inbox.calls["claim"]
    await asyncio.sleep(0.6)  # time for some thousand calls, were each lane to ask for itself

    assert held <= 16 + 5
    assert inbox.calls["claim"] - held <= 5, "probes only"
    assert "left alone" in worker.why_unready
    assert worker.why_unready.startswith("store: ")
    inbox.set_up()
    await until(lambda: worker.counts.done == KEYS and worker.ready)

    assert len(runs) == KEYS
    assert worker.counts.failed == 0, "an outage is no attempt"
    assert actions(caplog, "circuit_opened", "circuit_closed")[0] == "circuit_opened"
    assert actions(caplog, "circuit_opened", "circuit_closed")[-1] == "circuit_closed"


async def test_partitions_pause_while_the_store_is_away_and_the_membership_stays(memory: Rig) -> None:
    assert isinstance(memory.broker, InMemoryBroker)
    inbox = FaultyInbox(MemoryInbox())
    worker = memory.start({"made": lambda _: None}, inbox=inbox)
    await until(lambda: worker.ready)
    inbox.set_down()
    for number in range(50):
        await memory.publish(f"e{number}", key=f"k{number}", data={})
    membership = worker._membership
    assert membership is not None
    await until(lambda: membership.owned and all(partition.paused for partition in membership.owned.values()))
    ticked_at = worker._ticked_at
    await until(lambda: worker._ticked_at > ticked_at)
    inbox.set_up()
    await until(lambda: worker.counts.done == 50 and worker.ready)
    await until(lambda: not any(partition.paused for partition in membership.owned.values()))

    assert worker._membership is membership


async def test_one_type_whose_server_is_away_is_probed_once_at_a_time_and_holds_up_no_other(memory: Rig) -> None:
    calls = {"paid": 0, "most": 0, "now": 0}
    down = True

    async def paid(_: Message) -> None:
        calls["paid"] += 1
        calls["now"] += 1
        calls["most"] = max(calls["most"], calls["now"])
        await asyncio.sleep(0)
        calls["now"] -= 1
        if down:
            raise Away("the bank")

    for number in range(200):
        await memory.publish(f"p{number}", key=f"p{number}", type_="paid", data={})
        await memory.publish(f"m{number}", key=f"m{number}", data={})
    handlers: dict[str, Any] = {"paid": paid, "made": lambda _: None}
    worker = memory.start(handlers, outages=(Away,), concurrency=8)
    await until(lambda: worker.counts.done == 200)
    before = calls["paid"]
    await asyncio.sleep(0.5)

    assert before <= 8 + 5 + 3
    assert calls["paid"] - before <= 5
    assert "handler: paid: the bank" in worker.why_unready
    down = False
    await until(lambda: worker.counts.done == 400 and worker.ready)
    assert worker.counts.failed == 0


async def test_outages_with_successes_between_them_leave_the_breaker_closed(memory: Rig) -> None:
    """One key whose own server is away says nothing of the others'."""
    met = 0

    async def handle(message: Message) -> None:
        nonlocal met
        if message.id == "away":
            met += 1
            raise Away("one of many")

    await memory.publish("away", key="away", data={})
    retry = RetryPolicy(outages_to_open=2, base=timedelta(0))
    worker = memory.start({"made": handle}, outages=(Away,), retry=retry)
    for number in range(4):
        await until(lambda so_far=number: met > so_far)  # type: ignore[misc]  # mypy does not infer such lambdas
        assert not worker._circuit.tripped
        await memory.publish(f"m{number}", key=f"m{number}", data={})
        await until(lambda so_far=number: worker.counts.done > so_far)  # type: ignore[misc]  # as above


async def test_letters_that_cannot_be_written_are_probed_one_at_a_time(memory: Rig) -> None:
    assert isinstance(memory.broker, InMemoryBroker)
    broker = memory.broker
    tried = 0
    check = broker.check_sends

    def counted(topic: str) -> None:
        nonlocal tried
        tried += topic == memory.dead_letter_topic
        check(topic)

    broker.check_sends = counted  # type: ignore[method-assign]  # watched, not replaced
    broker.fail_sends(memory.dead_letter_topic)
    for number in range(300):
        await memory.publish(None, key=f"k{number}", data={})
    await memory.publish("good", key="good", data={})
    worker = memory.start({"made": lambda _: None}, concurrency=8)
    await until(lambda: worker.counts.done == 1 and not worker.ready)
    await asyncio.sleep(0.4)

    assert tried <= 8 + 5 + 5
    assert worker.counts.dead == 0
    broker.allow_sends(memory.dead_letter_topic)
    await until(lambda: worker.counts.dead == 300 and worker.ready)


async def test_stop_is_in_time_and_a_new_owner_continues_while_the_circuit_is_open(memory: Rig) -> None:
    inbox = FaultyInbox(MemoryInbox())
    first = memory.start({"made": lambda _: None}, inbox=inbox)
    await until(lambda: first.ready)
    inbox.set_down()
    for number in range(200):
        await memory.publish(f"e{number}", key=f"k{number}", data={})
    await until(lambda: "left alone" in first.why_unready)
    await memory.stop()
    inbox.set_up()
    second = memory.start({"made": lambda _: None}, inbox=inbox)
    await until(lambda: second.counts.done == 200 and second.ready)
    assert first.counts.done == 0


# --- the circuit alone -----------------------------------------------------------------------------------------------


class Bench:
    """A circuit whose time a test moves, and the lanes that it woke."""

    def __init__(self, after: int = 1) -> None:
        self.now = 0.0
        self.woken: list[Lane] = []
        self.health = Health("worker g", monotonic=lambda: self.now)
        self.circuit = Circuit(
            after, health=self.health, wake=self._wake, monotonic=lambda: self.now, jitter=random.Random(1)
        )
        self.lanes = [Lane(Partition(TopicPartition("t", 0)), number) for number in range(3)]

    def _wake(self, lanes: Collection[Lane]) -> None:
        self.woken.extend(lanes)

    def open(self, part: str = STORE) -> None:
        self.circuit.failed(part, "away")


def test_only_the_first_in_line_probes_and_all_are_woken_when_it_succeeds() -> None:
    bench = Bench()
    bench.open()
    first, *others = [bench.circuit.hold(lane, [STORE]) for lane in bench.lanes]
    assert first is not None
    assert first <= 5 < min(wait or 0.0 for wait in others)
    bench.now += first
    assert bench.circuit.hold(bench.lanes[0], [STORE]) is None
    assert bench.circuit.hold(bench.lanes[1], [STORE]) is not None, "one probe at a time"
    assert "left alone" in bench.health.why_unready
    bench.circuit.succeeded(STORE)

    assert bench.woken == bench.lanes
    assert bench.health.ready
    assert not bench.circuit.tripped
    assert not bench.circuit.strained


def test_a_probe_that_asked_nobody_hands_over_to_the_next_lane_at_once() -> None:
    bench = Bench()
    bench.open()
    for lane in bench.lanes:
        bench.circuit.hold(lane, [STORE])
    bench.now += 10
    assert bench.circuit.hold(bench.lanes[0], [STORE]) is None
    bench.circuit.ended(bench.lanes[0])

    assert bench.woken == [bench.lanes[1]]
    assert bench.circuit.hold(bench.lanes[1], [STORE]) is None


def test_a_lane_that_waits_for_two_servers_probes_neither_until_both_may_be_asked() -> None:
    bench = Bench()
    bench.open("handler paid")
    bench.now += 10
    assert bench.circuit.hold(bench.lanes[0], ["handler paid"]) is None
    bench.open()
    bench.now += 10
    assert bench.circuit.hold(bench.lanes[1], [STORE, "handler paid"]) is not None
    assert bench.circuit.hold(bench.lanes[2], [STORE]) is None, "its way is free"


def test_a_breaker_that_holds_nobody_back_any_more_does_not_keep_the_worker_unready() -> None:
    bench = Bench()
    bench.open()
    bench.circuit.hold(bench.lanes[0], [STORE])
    bench.circuit.hold(bench.lanes[1], [STORE])
    bench.circuit.forget(bench.lanes[0])
    assert "left alone" in bench.health.why_unready
    assert bench.woken == [bench.lanes[1]]
    bench.circuit.forget(bench.lanes[1])

    assert bench.health.ready
    assert not bench.circuit.tripped


def test_what_other_members_report_does_not_end_an_open_breakers_trouble() -> None:
    bench = Bench()
    bench.open()
    bench.health.well(STORE)

    assert "left alone" in bench.health.why_unready


async def test_a_lane_whose_partition_went_amid_its_probe_is_not_the_next_to_probe() -> None:
    circuit = Circuit(
        1, health=Health("worker"), wake=lambda _: None, monotonic=lambda: now[0], jitter=random.Random(1)
    )
    now = [0.0]
    gone, other = Lane(Partition(TopicPartition("t", 0)), b"a"), Lane(Partition(TopicPartition("t", 1)), b"b")
    circuit.failed(STORE, "away")
    assert circuit.hold(gone, [STORE])
    assert circuit.hold(other, [STORE])
    now[0] = 60.0
    assert circuit.hold(gone, [STORE]) is None, "the probe"
    gone.partition.revoked = True
    circuit.failed(STORE, "still away")
    circuit.ended(gone)

    assert (circuit.hold(other, [STORE]) or 99.0) < 6.0, "a probe's pause, not that of one who waits behind another"
    other.partition.revoked = True
    circuit.ended(other)
    assert not circuit.holds_everything


async def test_a_store_that_answers_the_regular_look_is_back_without_any_lane_to_probe(memory: Rig) -> None:
    inbox = FaultyInbox(MemoryInbox())
    worker = memory.start({"made": lambda _: None}, inbox=inbox, lease=timedelta(seconds=0.3))
    await until(lambda: worker.ready)
    for _ in range(5):
        worker._circuit.failed(STORE, "away")
    looks = inbox.calls["ping"]
    await until(lambda: inbox.calls["ping"] > looks and worker.ready)

    assert worker.standing().circuits[STORE][0] == "closed"
