"""What a worker relies on at the broker port: the same in memory, on the mock cluster and on a real Kafka.

Where the mock cluster is known to differ its parameter carries a strict xfail with the difference as its reason: the
day it behaves, the test says so.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
from collections import Counter
from contextlib import aclosing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import AIOKafkaProducer

from keylane import BrokerUnavailableError, ConfigurationError
from keylane.broker import TopicPartition
from keylane.errors import CommitRefusedError
from keylane.kafka import KafkaBroker
from keylane.testing import InMemoryBroker, Rig, until

from .members import Member

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

    from keylane.broker import RawHeaders, Record

pytestmark = pytest.mark.usefixtures("patient_leader")

PARTITIONS = 4
KAFKA = pytest.param("kafka", marks=pytest.mark.wire)
LARGE = os.urandom(1_000_000)
"""About the largest that a broker takes by default; random, so that no compression helps."""

RECORDS: list[tuple[bytes | None, bytes | None, RawHeaders]] = [
    (b"k", b"v", ()),
    (None, b"null key", ()),
    (b"tombstone", None, ()),
    (None, None, ()),
    (b"", b"", (("empty", b""),)),
    (b"\x00\xff", b"\xff\x00", (("bytes", b"\xff\xfe\x00"),)),
    (b"twice", b"v", (("name", b"1"), ("other", b"x"), ("name", b"2"), ("name", b"1"))),
    (b"null header", b"v", (("null", None), ("null", b"not"), ("null", None))),
    (b"name", b"v", (("\u00e9\U0001f600", b"in UTF-8"), ("", b"no name"))),
    (b"large", LARGE, (("h", b"x" * 10_000),)),
]


def mock_differs(reason: str, *, run: bool = True) -> Any:
    """The mock cluster's parameter in a promise that it is known not to keep."""
    return pytest.param("mock", marks=pytest.mark.xfail(reason=reason, strict=run, run=run))


@pytest.fixture
async def member(rig: Rig) -> AsyncIterator[Callable[[], Member]]:
    """Makes members of the rig's group, which leave with the test."""
    made: list[Member] = []

    def make() -> Member:
        made.append(Member(rig))
        return made[-1]

    yield make
    for one in made:
        await one.leave()


async def send(rig: Rig, key: bytes | None, *values: bytes | None, headers: Sequence[Any] = ()) -> None:
    """Hand all over, then wait for all acknowledgements."""
    sent = [await rig.publisher.send(rig.topic, key=key, value=value, headers=headers) for value in values]
    await asyncio.gather(*sent)


def place(record: Record) -> TopicPartition:
    return TopicPartition(record.topic, record.partition)


async def test_key_value_and_headers_arrive_byte_for_byte(rig: Rig, member: Callable[[], Member]) -> None:
    """Null keys, tombstones, names that repeat, null headers, bytes that are no text, and about 1 MB."""
    for key, value, headers in RECORDS:
        await send(rig, key, value, headers=headers)
    scanned = await rig.read(rig.topic, len(RECORDS))
    polled = await (await member().join()).until_read(len(RECORDS))

    for found in (scanned, polled):
        got = [(record.key, record.value, tuple(record.headers)) for record in found]
        assert sorted(got, key=repr) == sorted(RECORDS, key=repr)


async def test_records_of_a_partition_come_in_the_order_of_their_sends(rig: Rig, member: Callable[[], Member]) -> None:
    values = [b"%d" % number for number in range(300)]
    for key in (b"a", b"b", b"c"):
        await send(rig, key, *values)
    read = await (await member().join()).until_read(900)

    for key in (b"a", b"b", b"c"):
        mine = [record for record in read if record.key == key]
        assert [record.value for record in mine] == values
        assert len({record.partition for record in mine}) == 1, "a key stays in one partition"
        assert [record.offset for record in mine] == sorted(record.offset for record in mine)


async def test_a_group_continues_where_it_committed_and_begins_at_the_beginning(
    rig: Rig, member: Callable[[], Member]
) -> None:
    await send(rig, b"k", *(b"%d" % number for number in range(10)))
    first = await member().join()
    read = await first.until_read(10)
    assert [record.value for record in read] == [b"%d" % number for number in range(10)]
    await first.subscription.commit({place(read[0]): read[4].offset})
    await first.leave()
    again = await (await member().join()).until_read(6)

    assert [record.value for record in again] == [b"4", b"5", b"6", b"7", b"8", b"9"]


async def test_a_paused_partition_holds_its_records_back_and_others_flow(
    rig: Rig, member: Callable[[], Member]
) -> None:
    await send(rig, b"k", b"0", b"1")
    one = await member().join()
    (first, *_) = await one.until_read(2)
    one.subscription.pause([place(first), TopicPartition(rig.topic, 99)])
    await send(rig, b"k", b"2", b"3")
    for _ in range(PARTITIONS * 2):
        await send(rig, None, b"other")
    others = await _until_all_but(one, place(first))
    assert {place(record) for record in others} == {TopicPartition(rig.topic, number) for number in range(4)} - {
        place(first)
    }
    one.subscription.resume([place(first), TopicPartition(rig.topic, 99)])
    async with asyncio.timeout(15):  # a count of all records would be reached without these: more were sent above
        while sum(record.key == b"k" for record in one.read) < 4:
            await one.poll()

    assert [record.value for record in one.read if record.key == b"k"] == [b"0", b"1", b"2", b"3"]


@pytest.mark.parametrize("beside", [True, False])
async def test_what_was_fetched_before_a_pause_is_there_at_once_after_it(
    rig: Rig, member: Callable[[], Member], *, beside: bool
) -> None:
    """Without it each pause would cost a fetch, and each end of one the time of another."""
    await send(rig, b"k", b"0", b"1", b"2")
    one = await member().join()
    (first,) = await one.until_read(1, max_records=1)
    paused = [place(first)] if beside else [TopicPartition(rig.topic, number) for number in range(PARTITIONS)]
    one.subscription.pause(paused)
    await one.poll(timeout_s=0.1)
    assert [record.value for record in one.read] == [b"0"]
    one.subscription.resume(paused)
    await one.poll(timeout_s=0)

    assert [record.value for record in one.read] == [b"0", b"1", b"2"]


async def _until_all_but(one: Member, paused: TopicPartition) -> list[Record]:
    """What comes until every other partition has given something; none of it from the paused one."""
    seen = len(one.read)
    async with asyncio.timeout(10):
        while len({place(record) for record in one.read[seen:]}) < PARTITIONS - 1:
            await one.rig.publish_raw(None, b"more", ())
            await one.poll()
    assert paused not in {place(record) for record in one.read[seen:]}
    return one.read[seen:]


async def test_two_members_share_all_partitions_and_one_inherits_the_others(
    rig: Rig, member: Callable[[], Member]
) -> None:
    first = await member().join()
    await first.until_owning(PARTITIONS)
    second = await member().join()
    await first.until_owning(PARTITIONS // 2)
    await second.until_owning(PARTITIONS // 2)
    assert first.owned.isdisjoint(second.owned)
    await first.leave()
    await second.until_owning(PARTITIONS)


async def test_a_member_cannot_commit_for_a_partition_that_it_lost(rig: Rig, member: Callable[[], Member]) -> None:
    first = await member().join()
    second = await member().join()
    await second.until_owning(PARTITIONS // 2)
    await first.until_owning(PARTITIONS // 2)
    with pytest.raises(CommitRefusedError):
        await first.subscription.commit(dict.fromkeys(second.owned, 1))


@pytest.mark.parametrize(
    "rig", ["memory", mock_differs("the mock cluster refuses commits while a group is joining"), KAFKA], indirect=True
)
async def test_a_commit_amid_a_revocation_counts_and_the_next_owner_starts_there(
    rig: Rig, member: Callable[[], Member]
) -> None:
    """On it a hand-over rests: what was finished while draining is not delivered again."""
    for number in range(20):
        await send(rig, b"k%d" % number, b"%d" % number)
    first = member()
    refused: list[str] = []

    async def commit() -> None:
        ends = {place(record): record.offset + 1 for record in first.read}
        try:
            await first.subscription.commit(ends)
        except CommitRefusedError as exc:
            refused.append(str(exc))

    first.before_loss = commit
    await first.join()
    await first.until_read(20)
    second = await member().join()
    await second.until_owning(PARTITIONS // 2)
    await first.until_owning(PARTITIONS // 2)
    first.before_loss = None
    for number in range(20):
        await send(rig, b"k%d" % number, b"later")
    seen = len(first.read)
    async with asyncio.timeout(15):
        while len(first.read) - seen + len(second.read) < 20:
            await first.poll()
            await second.poll()

    assert refused == []
    assert {record.value for record in first.read[seen:] + second.read} == {b"later"}


async def test_a_scan_gives_all_that_is_there_in_order_and_ends(rig: Rig) -> None:
    assert [record async for record in rig.broker.scan(rig.topic)] == []
    for number in range(60):
        await send(rig, b"k%d" % (number % 7), b"%d" % number)
    found = [record async for record in rig.broker.scan(rig.topic)]

    assert sorted(int(record.value or b"") for record in found) == list(range(60))
    for key in {record.key for record in found}:
        numbers = [int(record.value or b"") for record in found if record.key == key]
        assert numbers == sorted(numbers)
    with pytest.raises(ConfigurationError, match="absent-topic does not exist"):
        await anext(aiter(rig.broker.scan("absent-topic")))


async def test_single_records_are_picked_by_partition_and_offset(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    """Near ones are read on to, far ones sought, earlier ones gone back to; what is not there is left out."""
    monkeypatch.setattr("keylane.scan.FAR", 5)
    for number in range(60):
        await send(rig, b"k%d" % (number % 7), b"%d" % number)
    there = {(one.partition, one.offset): one async for one in rig.broker.scan(rig.topic)}
    ((longest, length),) = Counter(partition for partition, _ in there).most_common(1)
    assert (len(there), length >= 15) == (60, True)
    wanted: list[dict[int, list[int]]] = [
        {longest: [14, 0, 3]},
        {longest: [1, 4, 12]},
        {longest: [3]},
        {},
        {partition: [0, 900] for partition in range(PARTITIONS)},
    ]
    async with aclosing(rig.broker.pick(rig.topic, wanted)) as picked:
        found = [batch async for batch in picked]

    for batch, asked in zip(found, wanted, strict=True):
        places = [(one.partition, one.offset) for one in batch]
        assert sorted(places) == sorted((at, one) for at in asked for one in asked[at] if (at, one) in there)
        assert [one.value for one in batch] == [there[place].value for place in places]
    assert [one.offset for one in found[0]] == [0, 3, 14]
    with pytest.raises(ConfigurationError, match="absent-topic does not exist"):
        await anext(rig.broker.pick("absent-topic", wanted))


async def test_existing_topics_are_counted_and_absent_ones_left_out(rig: Rig) -> None:
    assert await rig.broker.partitions([rig.topic, f"{rig.topic}-absent"]) == {rig.topic: PARTITIONS}


async def test_a_send_that_nobody_waits_for_is_written_once_and_its_future_tells(rig: Rig) -> None:
    """A waiter that gives up waits on the same future again: the record is on its way and must not be sent twice."""
    sent = await rig.publisher.send(rig.topic, key=b"k", value=b"v", headers=())
    waiter = asyncio.ensure_future(_wait(sent))
    await asyncio.sleep(0)
    waiter.cancel()
    await asyncio.wait([waiter])
    assert not sent.cancelled(), "who stops waiting does not take the record back"
    await asyncio.wait_for(asyncio.shield(sent), 10)

    assert sent.done()
    assert [record.value async for record in rig.broker.scan(rig.topic)] == [b"v"]


async def _wait(sent: asyncio.Future[None]) -> None:
    await asyncio.wait([sent])


@pytest.mark.parametrize(
    "rig", ["memory", mock_differs("the mock cluster creates a topic that is asked for"), KAFKA], indirect=True
)
async def test_a_send_to_an_absent_topic_is_refused_within_its_time(rig: Rig) -> None:
    limit = timedelta(seconds=0.7)
    impatient = KafkaBroker(dataclasses.replace(rig.settings, request_timeout=limit))
    broker = impatient if isinstance(rig.broker, KafkaBroker) else rig.broker
    publisher = broker.publisher()
    try:
        with pytest.raises(BrokerUnavailableError, match="absent"):
            async with asyncio.timeout(limit.total_seconds() * 4):
                await (await publisher.send(f"{rig.topic}-absent", key=None, value=b"v", headers=()))
    finally:
        await publisher.close(timeout_s=1)


NO_TRANSACTIONS = mock_differs("the mock cluster writes no transaction markers that can be read back", run=False)


@pytest.mark.parametrize("rig", ["memory", NO_TRANSACTIONS, KAFKA], indirect=True)
async def test_offsets_with_gaps_are_read_worked_off_and_committed_to_the_end(
    rig: Rig, member: Callable[[], Member]
) -> None:
    """Contiguous is what was fetched, not the integers: markers of transactions leave holes."""
    await _with_gaps(rig, batches=5)
    worker = rig.start({"made": lambda _: None})
    await until(lambda: worker.counts.done == 5)
    assert (await worker_ends(rig)) == [], "a gap at the end must not look like work left"
    await rig.stop()
    await rig.publish("last", key="k", data={})
    (next_one,) = await (await member().join()).until_read(1)

    assert dict(next_one.headers)["ce_id"] == b"last"
    assert next_one.offset >= 9, "there were no gaps"


async def worker_ends(rig: Rig) -> list[Any]:
    """Partitions with records that are fetched and unfinished, over all workers."""
    owned = [worker._membership.owned for worker, _ in rig.workers if worker._membership is not None]
    return [partition for partitions in owned for partition in partitions.values() if partition.unfinished]


async def _with_gaps(rig: Rig, *, batches: int) -> None:
    """Write one event per batch to one partition, each followed by an offset that holds no record."""
    headers = [("ce_id", b""), ("ce_type", b"made")]
    if isinstance(rig.broker, InMemoryBroker):
        for number in range(batches):
            headers[0] = ("ce_id", b"e%d" % number)
            record = rig.broker.append(rig.topic, key=b"k", value=b"{}", headers=headers)
            rig.broker.skip_offsets(rig.topic, record.partition, 1)
        return
    servers = rig.settings.bootstrap_servers
    producer = AIOKafkaProducer(bootstrap_servers=servers, transactional_id=rig.topic)
    await producer.start()
    try:
        for number in range(batches):
            headers[0] = ("ce_id", b"e%d" % number)
            async with producer.transaction():
                await producer.send_and_wait(rig.topic, key=b"k", value=b"{}", headers=headers)
    finally:
        await producer.stop()
