"""A broker that refuses, moves, forgets to answer or goes away: nothing is lost, skipped or run again. I1, I5, I10."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import time
from collections import Counter
from contextlib import aclosing
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import pytest
from aiokafka import AIOKafkaConsumer

from keylane import BrokerUnavailableError, KafkaSettings, Message
from keylane.kafka import KafkaBroker
from keylane.testing import API_OFFSET_COMMIT, API_PRODUCE, MockCluster, Rig, until

from .witness import Witness

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from keylane import Worker
    from keylane.broker import Record

BROKERS = 3
REFUSALS = {
    "coordinator loads, moved, connection cut": [14, 16, -195],
    "illegal generation": [22],
    "unknown member": [25],
    "rebalance in progress": [27],
}
NOT_AUTHORIZED = 29
numbers = itertools.count()


@pytest.fixture(scope="module")
def three() -> Iterator[MockCluster]:
    """Three brokers for this module alone: its tests break them, and leave them whole."""
    with MockCluster(brokers=BROKERS) as cluster:
        yield cluster


@pytest.fixture
async def own(three: MockCluster) -> AsyncIterator[tuple[Rig, MockCluster]]:
    """A rig on brokers that may be broken."""
    settings = KafkaSettings(
        bootstrap_servers=three.bootstrap,
        session_timeout=timedelta(seconds=2),
        heartbeat_interval=timedelta(milliseconds=300),
        drain_timeout=timedelta(milliseconds=500),
        stop_timeout=timedelta(seconds=4),
        request_timeout=timedelta(seconds=2),
        commit_interval=timedelta(milliseconds=20),
    )
    broker, topic = KafkaBroker(settings), f"t{next(numbers)}"
    rig = Rig(broker, settings, topic, broker.publisher(), group=f"g-{topic}")
    for name in (rig.topic, rig.dead_letter_topic, rig.replay_topic):
        three.create_topic(name, 4)
    yield rig, three
    three.set_up()
    three.set_round_trip(0)
    for api in (API_OFFSET_COMMIT, API_PRODUCE):
        three.clear_failures(api)
    await rig.stop()
    await rig.publisher.close(timeout_s=1)


class Effects:
    """A handler that notes its runs; and how many events there are."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._numbers = itertools.count()
        self.witness = Witness(rig.broker)
        self.runs: list[tuple[str, int]] = []

    async def __call__(self, message: Message) -> None:
        self.runs.append((message.id, message.attempt))
        self.witness.finished.add(message.id)

    async def publish(self, count: int) -> None:
        for _ in range(count):
            number = next(self._numbers)
            await self._rig.publish(f"e{number}", key=f"k{number % 11}", data={})

    def start(self) -> Worker:
        return self._rig.start({"made": self}, broker=self.witness)


def each_once(effects: Effects, total: int) -> bool:
    return Counter(effects.runs) == Counter((f"e{number}", 1) for number in range(total))


async def test_refused_commits_of_every_kind_skip_nothing_and_break_nothing(own: tuple[Rig, MockCluster]) -> None:
    rig, cluster = own
    rig.settings = dataclasses.replace(rig.settings, session_timeout=timedelta(seconds=1.3))  # a swift rejoin
    rig.broker = KafkaBroker(rig.settings)
    effects = Effects(rig)
    worker = effects.start()
    total = 0
    for refusal, codes in REFUSALS.items():
        await until(lambda: worker.ready)
        cluster.fail_next(API_OFFSET_COMMIT, codes)
        await effects.publish(20)
        total += 20
        await until(lambda total=total: len(effects.runs) == total, what=f"20 more after: {refusal}")  # type: ignore[misc]  # a bound default
    await until(lambda: sum(effects.witness.committed.values()) == total, what="every offset to be committed")

    assert each_once(effects, total)
    assert effects.witness.broken == []
    assert worker.counts.failed == 0


async def test_leaders_and_coordinators_that_move_and_vanish_under_load_cost_nothing(
    own: tuple[Rig, MockCluster],
) -> None:
    rig, cluster = own
    effects = Effects(rig)
    worker = effects.start()
    await effects.publish(40)
    for broker in (1, 2, 3):
        cluster.set_coordinator(rig.group, broker)
        for partition in range(4):
            cluster.set_leader(rig.topic, partition, 1 + (broker + partition) % BROKERS)
        await effects.publish(40)
    cluster.set_down()
    await asyncio.sleep(rig.settings.session_timeout.total_seconds() * 1.2)
    cluster.set_up()
    await effects.publish(40)
    await until(lambda: worker.counts.done == 200)
    await until(lambda: worker.ready)

    assert each_once(effects, 200)
    assert effects.witness.broken == []
    assert worker.counts.failed == 0


async def test_a_record_that_was_written_twice_by_an_ambiguous_send_has_one_effect(
    own: tuple[Rig, MockCluster],
) -> None:
    """The acknowledgement comes after the client's patience: it sends again, and the mock cluster keeps both."""
    rig, cluster = own
    effects = Effects(rig)
    patience = timedelta(milliseconds=400)
    rig.publisher = KafkaBroker(dataclasses.replace(rig.settings, request_timeout=patience)).publisher()
    await rig.publish("e0", data={})
    cluster.set_round_trip(600)
    headers = [("ce_id", b"e1"), ("ce_type", b"made")]
    sent = await rig.publisher.send(rig.topic, key=b"k", value=b"{}", headers=headers)
    await asyncio.sleep(patience.total_seconds() * 1.3)  # the first try is given up, though it was written
    cluster.set_round_trip(0)
    await asyncio.wait_for(sent, 15)
    log = [dict(record.headers)["ce_id"] for record in await rig.read(rig.topic, 3)]
    assert log.count(b"e1") > 1, "nothing was ambiguous"
    worker = effects.start()
    await until(lambda: worker.counts.done + worker.counts.duplicate == len(log))

    assert each_once(effects, 2)


async def test_dead_letters_that_cannot_be_written_hold_their_keys_and_turn_the_worker_unready(
    own: tuple[Rig, MockCluster],
) -> None:
    """Only producing fails: consuming goes on."""
    rig, cluster = own
    effects = Effects(rig)
    runs: list[str] = []

    async def handle(message: Message) -> None:
        if message.key == b"doomed":
            runs.append(message.id)
            raise ValueError("no")
        await effects(message)

    for id_ in ("bad", "behind"):
        await rig.publish(id_, key="doomed", data={})
    await effects.publish(20)
    await rig.publisher.close(timeout_s=1)
    cluster.fail_next(API_PRODUCE, [NOT_AUTHORIZED] * 500)
    worker = rig.start({"made": handle}, broker=effects.witness)
    await until(lambda: worker.counts.done == 20 and "dead letters" in worker.why_unready)
    await asyncio.sleep(0.5)
    assert runs == ["bad"] * 5, "neither run again nor passed by"
    assert (worker.counts.dead, worker.ready) == (0, False)
    effects.witness.finished |= {"bad", "behind"}
    cluster.clear_failures(API_PRODUCE)
    await until(lambda: worker.counts.dead == 2 and worker.ready)
    letters = await rig.letters(2)

    assert [dict(letter.headers)["ce_id"] for letter in letters] == [b"bad", b"behind"]
    assert runs == ["bad"] * 5 + ["behind"] * 5
    assert effects.witness.broken == []


async def test_handlers_slower_than_session_and_poll_limit_lose_no_partition(
    mock: Rig, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    slow_s = mock.settings.session_timeout.total_seconds() * 1.3
    monkeypatch.setattr("keylane.kafka.AIOKafkaConsumer", partial(AIOKafkaConsumer, max_poll_interval_ms=1_000))
    caplog.set_level("INFO", "keylane")
    runs: list[tuple[str, int]] = []

    async def on_loop(message: Message) -> None:
        runs.append((message.id, message.attempt))
        await asyncio.sleep(slow_s)

    def in_thread(message: Message) -> None:
        runs.append((message.id, message.attempt))
        time.sleep(slow_s)

    await mock.publish("async", key="a", type_="async", data={})
    await mock.publish("sync", key="b", type_="sync", data={})
    worker = mock.start({"async": on_loop, "sync": in_thread})
    await until(lambda: worker.counts.done == 2)

    assert sorted(runs) == [("async", 1), ("sync", 1)]
    assert [getattr(record, "action", "") for record in caplog.records].count("assigned") == 1, "a rebalance"


async def test_picking_from_a_broker_that_goes_away_half_way_is_given_up(own: tuple[Rig, MockCluster]) -> None:
    rig, cluster = own
    for _ in range(3):
        await rig.publish_raw(b"k", bytes(900_000), ())
    (tp, *_) = [record.partition async for record in rig.broker.scan(rig.topic)]

    async def read() -> None:
        async with aclosing(rig.broker.pick(rig.topic, [{tp: [0]}, {tp: [2]}])) as picked:
            assert [record.offset for record in await anext(picked)] == [0]
            cluster.set_down()
            await anext(picked)

    with pytest.raises(BrokerUnavailableError, match=rf"^read {rig.topic}: "):
        await asyncio.wait_for(read(), 20)


async def test_a_scan_whose_broker_goes_away_half_way_is_given_up(own: tuple[Rig, MockCluster]) -> None:
    rig, cluster = own
    for _ in range(5):  # each a fetch of its own
        await rig.publish_raw(b"k", bytes(900_000), ())
    seen: list[Record] = []

    async def read() -> None:
        async for record in rig.broker.scan(rig.topic):
            seen.append(record)
            cluster.set_down()

    began = time.monotonic()
    with pytest.raises(BrokerUnavailableError, match=rf"^read {rig.topic}: "):
        await asyncio.wait_for(read(), 20)

    assert 0 < len(seen) < 5
    assert time.monotonic() - began > rig.settings.request_timeout.total_seconds()
