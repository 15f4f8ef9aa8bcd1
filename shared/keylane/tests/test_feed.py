"""What a Kafka consumer must not pass over in silence: names that are not UTF-8, and records deleted unread."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from aiokafka import TopicPartition as KafkaTopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from aiokafka.errors import UnsupportedCodecError
from aiokafka.producer import message_accumulator, producer
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy

from keylane import ConfigurationError
from keylane.broker import TopicPartition
from keylane.connection import connection
from keylane.feed import Feed
from keylane.testing import InMemoryBroker, until
from keylane.testing.memory_broker import MemorySubscription

if TYPE_CHECKING:
    from keylane import Message, Worker
    from keylane.testing import Rig


class RawName(str):
    """A header name whose bytes are not UTF-8."""

    __slots__ = ()

    def encode(self, *_: Any, **__: Any) -> bytes:
        return super().encode("utf-8", "surrogateescape")


BAD = RawName(b"tra\xffce".decode("utf-8", "surrogateescape"))


@pytest.fixture
def lenient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the producer write such names: aiokafka's own builder in Python takes what the compiled one refuses."""
    for module in (message_accumulator, producer):
        monkeypatch.setattr(module, "DefaultRecordBatchBuilder", _DefaultRecordBatchBuilderPy)


@pytest.fixture(params=["mock", pytest.param("kafka", marks=pytest.mark.wire)])
def wired(request: pytest.FixtureRequest) -> Rig:
    rig: Rig = request.getfixturevalue(request.param)
    return rig


@pytest.mark.usefixtures("lenient")
async def test_a_header_name_that_is_not_utf8_goes_to_the_dead_letters_and_its_neighbours_flow(wired: Rig) -> None:
    """One batch holds good and bad records of one partition; other partitions are read in the same polls."""
    seen: list[str] = []

    async def handle(message: Message) -> None:
        seen.append(message.id)

    sends = []
    for number in range(40):
        headers: list[tuple[str, bytes | None]] = [("ce_id", b"e%d" % number), ("ce_type", b"made")]
        bad = [(BAD, b"\x00\xff"), ("null", None)] if number % 10 == 5 else []
        key = b"k%d" % (number % 7)
        sends.append(await wired.publisher.send(wired.topic, key=key, value=b"{}", headers=headers + bad))
    await asyncio.gather(*sends)
    worker = wired.start({"made": handle})
    await until(lambda: worker.counts.done == 36 and worker.counts.dead == 4)
    assert worker.counts.duplicate == 0, "what was delivered before the bad one is not delivered again"
    letters = await wired.letters(4)

    assert sorted(seen) == sorted(f"e{number}" for number in range(40) if number % 10 != 5)
    assert {dict(letter.headers)["x-dlq-reason"] for letter in letters} == {b"undecodable"}
    assert {dict(letter.headers)["x-dlq-error-msg"] for letter in letters} == {b"a header name is not UTF-8"}
    assert [dict(letter.headers)["tra\\xffce"] for letter in letters] == [b"\x00\xff"] * 4
    assert sorted(dict(letter.headers)["ce_id"] or b"" for letter in letters) == [b"e15", b"e25", b"e35", b"e5"]
    await until(
        lambda: all(one.unfinished == 0 and one.to_commit is None for one in owned(worker)), what="all committed"
    )


def owned(worker: Worker) -> list[Any]:
    serving = worker._membership
    return list(serving.owned.values()) if serving is not None else []


class SlowToReadAgain:
    """A consumer of aiokafka that took records of one partition as it met an unreadable one of another.

    The partition moved on behind them, and reading again takes for ever.
    """

    GOOD, BAD = TopicPartition("t", 0), TopicPartition("t", 1)

    def __init__(self) -> None:
        self.positions = {self.GOOD: 0, self.BAD: 0}
        self.fetching = asyncio.Event()
        self.polls = 0
        assignment = SimpleNamespace(state_value=self.state)
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=assignment))
        cluster = SimpleNamespace(leader_for_partition=lambda _: 0)
        self._client = SimpleNamespace(cluster=cluster, send=self.send)

    def state(self, tp: TopicPartition) -> SimpleNamespace:
        return SimpleNamespace(position=self.positions[tp], has_valid_position=True)

    async def getmany(self, *_: object, **__: object) -> dict[TopicPartition, list[Any]]:
        self.polls += 1
        if self.polls < 3:  # an assignment that rests: its first positions are followed
            return {}
        self.positions[self.GOOD] = 3
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    async def send(self, *_: object) -> Any:
        self.fetching.set()
        await asyncio.Event().wait()

    async def committed(self, _: TopicPartition) -> int:
        return 0

    def assignment(self) -> set[TopicPartition]:
        return set(self.positions)

    def paused(self) -> set[TopicPartition]:
        return set()


async def test_a_poll_given_up_while_it_reads_again_leaves_no_position_behind_what_nobody_got() -> None:
    consumer = SlowToReadAgain()
    feed = Feed(consumer, lambda *_: None)
    while consumer.polls < 2:
        await feed.poll(max_records=1, timeout_s=0)
    polling = asyncio.create_task(feed.poll(max_records=1, timeout_s=0))
    await consumer.fetching.wait()
    polling.cancel()
    await asyncio.wait([polling])

    assert [feed.position(tp) for tp in consumer.positions] == [None, None]
    feed.begin()
    assert feed.position(consumer.GOOD) == 3, "another assignment begins where the group committed"


async def delete_records(rig: Rig, tp: TopicPartition, before: int) -> None:
    """What retention does, by request."""
    if isinstance(rig.broker, InMemoryBroker):
        rig.broker.delete_records(tp.topic, tp.partition, before)
        return
    admin = AIOKafkaAdminClient(**connection(rig.settings))
    await admin.start()
    try:
        await admin.delete_records({KafkaTopicPartition(*tp): RecordsToDelete(before_offset=before)})
    finally:
        await admin.close()


@pytest.fixture(params=["memory", pytest.param("kafka", marks=pytest.mark.wire)])
def deleting(request: pytest.FixtureRequest) -> Rig:
    """The mock cluster knows no request that deletes records."""
    rig: Rig = request.getfixturevalue(request.param)
    return rig


async def test_records_that_were_deleted_unread_are_told_loudly(
    deleting: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    handlers = {"made": lambda _: None}
    await deleting.publish("e0", data={})
    worker = deleting.start(handlers)
    await until(lambda: worker.counts.done == 1)
    (tp,) = [one.tp for one in owned(worker) if one.watermark == 1]
    await deleting.stop()
    for number in range(1, 10):
        await deleting.publish(f"e{number}", data={})
    await delete_records(deleting, tp, 7)
    again = deleting.start(handlers)
    await until(lambda: again.counts.done == 3)

    assert again.counts.skipped == 6
    assert f"{tp.topic}-{tp.partition}: offsets 1 to 6 were deleted by retention before group" in caplog.text


async def test_a_group_that_starts_late_on_a_log_has_lost_nothing(deleting: Rig) -> None:
    for number in range(5):
        await deleting.publish(f"e{number}", data={})
    records = await deleting.read(deleting.topic, 5)
    await delete_records(deleting, TopicPartition(deleting.topic, records[0].partition), 3)
    worker = deleting.start({"made": lambda _: None})
    await until(lambda: worker.counts.done == 2)

    assert worker.counts.skipped == 0


async def test_a_codec_that_is_not_installed_ends_the_worker_with_one_line(
    mock: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def poll(*_: Any, **__: Any) -> Any:
        raise UnsupportedCodecError("Libraries for lz4 compression codec not found")

    monkeypatch.setattr(Feed, "poll", poll)
    worker = mock.worker({"made": lambda _: None})
    with pytest.raises(ConfigurationError, match=r"cannot be decompressed here: .*lz4.* \(install cramjam"):
        await asyncio.wait_for(worker.run(), 20)


async def test_a_stop_amid_a_poll_commits_nothing_that_was_not_delivered(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The log's position is behind records that a poll has taken, and will never return."""
    await memory.publish("e0", data={})
    (record,) = await memory.read(memory.topic, 1)
    tp, taken = TopicPartition(memory.topic, record.partition), asyncio.Event()
    polls = 0

    async def poll(*_: object, **__: object) -> dict[TopicPartition, list[Any]]:
        nonlocal polls
        polls += 1
        await asyncio.sleep(0)
        if polls > 2:
            taken.set()
            await asyncio.Event().wait()
        return {}

    monkeypatch.setattr(MemorySubscription, "poll", poll)
    monkeypatch.setattr(MemorySubscription, "position", lambda _, one: 1 if taken.is_set() and one == tp else 0)
    memory.start({"made": lambda _: None})
    await taken.wait()
    await memory.stop()
    monkeypatch.undo()
    again = memory.start({"made": lambda _: None})
    await until(lambda: again.counts.done == 1)
