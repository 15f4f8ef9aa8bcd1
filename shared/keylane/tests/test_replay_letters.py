"""The operator's story: a letter is looked at, its cause is put right, and its replay ends well, once."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import mongomock
import pytest

from keylane import (
    Action,
    BrokerUnavailableError,
    ConfigurationError,
    DeadLetters,
    LetterState,
    MemoryInbox,
    Message,
    RetryPolicy,
    Selection,
    SelectionError,
)
from keylane.cloudevents import decode
from keylane.inbox import Burial, Claim, Replay
from keylane.mongo import MongoInbox, MongoLetterIndex
from keylane.testing import InMemoryBroker, until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from keylane import DeadLetter, Inbox, LetterIndex, Worker
    from keylane.broker import Record
    from keylane.testing import Rig

DIED = datetime(2026, 3, 1, 12, tzinfo=UTC)
BURIAL = Burial("l", "exhausted", "builtins.ValueError", "no", "f", 5, DIED, DIED)
UNDECODABLE = [("ce_id", b"raw"), ("ce_type", b"made")]


@dataclass
class Handler:
    """Fails while it is broken, and notes its runs."""

    broken: bool = True
    runs: list[tuple[str, int]] = field(default_factory=list)

    def __call__(self, message: Message) -> None:
        self.runs.append((message.id, message.attempt))
        if self.broken:
            raise ValueError(f"{message.id} cannot be done")


@dataclass
class Desk:
    """An operator with everything at hand."""

    rig: Rig
    handler: Handler
    worker: Worker
    letters: DeadLetters
    inbox: Inbox
    collection: Any

    async def dead(self, *ids: str, key: str = "k") -> None:
        """Let these messages die."""
        before = self.worker.counts.dead
        for one in ids:
            await self.rig.publish(one, key=key, data={"of": one})
        await until(lambda: self.worker.counts.dead == before + len(ids))

    async def states(self) -> dict[str | None, LetterState]:
        found = await self.letters.list(Selection(states=list(LetterState)))
        return {letter.message_id: letter.state for letter in found}

    async def replayed(self) -> Sequence[Record]:
        return await self.rig.read(self.rig.replay_topic, 0)


def desk(rig: Rig, *, inbox: Inbox | None = None, index: bool = True, **options: Any) -> Desk:
    handler, kept = Handler(), inbox or MemoryInbox()
    worker = rig.start({"made": handler}, inbox=kept)
    collection: Any = mongomock.MongoClient(tz_aware=True).db.letters
    marks: LetterIndex | None = MongoLetterIndex(collection) if index else None
    letters = DeadLetters(rig.group, [rig.topic], broker=rig.broker, inbox=kept, index=marks, **options)
    return Desk(rig, handler, worker, letters, kept, collection)


async def test_five_failures_one_letter_a_fix_a_replay_and_it_is_done(rig: Rig) -> None:
    at = desk(rig)
    await at.dead("m")
    (letter,) = await at.letters.list()
    assert (letter.message_id, letter.state, letter.attempts, letter.replay_count) == ("m", LetterState.OPEN, 5, 0)
    shown = await at.letters.show(letter.id[:8])
    assert shown is not None
    assert "ValueError: m cannot be done" in shown.stack
    assert "__call__" in shown.stack

    at.handler.broken = False
    report = await at.letters.replay(apply=True, actor="ada", why="fixed in 1.2")
    await until(lambda: at.worker.counts.done == 1)

    assert [step.action for step in report.steps] == [Action.REPLAY]
    assert at.handler.runs == [("m", attempt) for attempt in (1, 2, 3, 4, 5, 1)]
    assert await at.letters.list() == ()
    (settled,) = await at.letters.list(Selection(ids=[letter.id]))
    assert settled.state is LetterState.REPLAYED
    assert settled.mark is not None
    assert (settled.mark.actor, settled.mark.why, settled.mark.run) == ("ada", "fixed in 1.2", report.run)


async def test_a_dry_run_says_what_would_be_done_and_changes_nothing(memory: Rig) -> None:
    at = desk(memory)
    await at.dead("a", "b")
    planned = await at.letters.replay()
    discarded = await at.letters.discard(Selection(message_id="a"))

    assert [step.action for step in planned.acted] == [Action.REPLAY] * 2
    assert [step.letter.message_id for step in discarded.acted] == ["a"]
    assert not planned.applied
    assert await at.replayed() == []
    assert at.collection.count_documents({}) == 0
    assert await at.states() == {"a": LetterState.OPEN, "b": LetterState.OPEN}
    done = await at.letters.replay(apply=True, actor="ada")
    assert done.steps == planned.steps, "the plan is what is done"


async def test_a_second_replay_is_a_no_op_and_says_so(rig: Rig) -> None:
    """I11."""
    at = desk(rig)
    await at.dead("m")
    (letter,) = await at.letters.list()
    at.handler.broken = False
    await at.letters.replay(apply=True, actor="ada")
    await until(lambda: at.worker.counts.done == 1)
    for force in (False, True):
        again = await at.letters.replay(Selection(ids=[letter.id]), apply=True, actor="bob", force=force)
        (step,) = again.left
        assert "its message is done, a replay changes nothing (replayed by ada at " in step.why
    assert (await at.letters.replay(apply=True, actor="bob")).steps == ()

    assert len(await at.replayed()) == 1


async def test_a_replay_published_twice_acts_once(rig: Rig) -> None:
    """As after an acknowledgement that was lost: I2 for a message that is done, I3 for one that dies again."""
    at = desk(rig)
    await at.dead("m")
    await at.letters.replay(apply=True, actor="ada")
    await until(lambda: at.worker.counts.dead == 2)
    (record,) = await at.replayed()
    sending = await rig.publisher.send(rig.replay_topic, key=record.key, value=record.value, headers=record.headers)
    await sending
    await until(lambda: at.worker.counts.duplicate == 1)

    assert len(at.handler.runs) == 10
    assert len(await rig.letters(2)) == 2


async def test_what_dies_again_is_the_same_letter_with_one_replay_more(rig: Rig) -> None:
    at = desk(rig)
    headers = [("x-dlq-attempts", b"99"), ("trace", b"\x00\xff"), ("twice", b"1"), ("twice", b"2"), ("null", None)]
    value = b'{"name": "\xc3\xa9t\xc3\xa9",   "n": 1.50}'
    await rig.publish("m", value=value, headers=headers)
    await until(lambda: at.worker.counts.dead == 1)
    await at.letters.replay(apply=True, actor="ada")
    await until(lambda: at.worker.counts.dead == 2)
    (replayed,) = await at.replayed()
    first, second = sorted(await rig.letters(2), key=lambda one: dict(one.headers)["x-dlq-replay-count"] or b"")

    original = [("ce_id", b"m"), ("ce_type", b"made"), *headers[1:]]
    for record in (first, replayed, second):
        assert (record.key, record.value) == (b"k", value)
        assert [pair for pair in record.headers if not pair[0].startswith("x-dlq-")] == original
    kept = (
        "x-dlq-id",
        "x-dlq-first-failed-at",
        "x-dlq-topic",
        "x-dlq-partition",
        "x-dlq-offset",
        "x-dlq-timestamp",
        "x-dlq-group",
    )
    for name in kept:
        assert len({dict(record.headers)[name] for record in (first, replayed, second)}) == 1, name
    assert [dict(record.headers)["x-dlq-replay-count"] for record in (first, replayed, second)] == [b"0", b"1", b"1"]
    assert [name for name, _ in second.headers] == [name for name, _ in first.headers], "the set is replaced, not grown"
    (letter,) = await at.letters.list()
    assert (letter.state, letter.replay_count, letter.mark) == (LetterState.OPEN, 1, None)


async def test_what_fails_still_is_quarantined_at_the_limit(rig: Rig) -> None:
    at = desk(rig, max_replays=2)
    await at.dead("m")
    for number in (2, 3):
        assert len((await at.letters.replay(apply=True, actor="ada")).acted) == 1
        await until(lambda wanted=number: at.worker.counts.dead == wanted)  # type: ignore[misc]  # a default argument
    refused = await at.letters.replay(apply=True, actor="ada")
    (step,) = refused.left
    assert step.why.startswith("quarantined: it came back from 2 replays")
    assert await at.states() == {"m": LetterState.QUARANTINED}
    assert [letter.state for letter in await at.letters.list()] == [LetterState.QUARANTINED], "it needs somebody"

    at.handler.broken = False
    await at.letters.replay(apply=True, actor="ada", force=True)
    await until(lambda: at.worker.counts.done == 1)
    assert await at.states() == {"m": LetterState.REPLAYED}
    assert len({dict(letter.headers)["x-dlq-id"] for letter in await rig.letters(3)}) == 1


async def test_an_undecodable_letter_is_replayed_once_the_decoder_can(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = desk(memory)
    at.handler.broken = False
    await memory.publish_raw(b"k", b"\xff", UNDECODABLE)
    await until(lambda: at.worker.counts.dead == 1)
    await at.letters.replay(apply=True, actor="ada")
    await until(lambda: at.worker.counts.dead == 2)
    (letter,) = await at.letters.list()
    assert (letter.reason, letter.replay_count) == ("undecodable", 1)

    def lenient(record: Record) -> Any:
        return decode(record) if record.value != b"\xff" else decode(_with_value(record, b"{}"))

    monkeypatch.setattr("keylane.processor.decode", lenient)
    await at.letters.replay(apply=True, actor="ada")
    await until(lambda: at.worker.counts.done == 1)
    assert at.handler.runs == [("raw", 1)]


async def test_a_replayed_message_whose_source_record_comes_again_is_not_lost(memory: Rig) -> None:
    """A takeover with the watermark behind, while the replay waits for a retry: the source record dies in its place."""
    at = desk(memory)
    (letter,) = await _parked_replay(at)
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    broker.rewind(memory.group, memory.topic)
    broker.delete_records(memory.replay_topic, letter.partition, before=1)  # it reaches nobody before the source does
    worker = memory.start({"made": at.handler}, inbox=at.inbox)
    await until(lambda: worker.counts.dead == 1)

    (again,) = await at.letters.list()
    assert (again.id, again.state, again.replay_count) == (letter.id, LetterState.OPEN, 1)
    at.handler.broken = False
    await at.letters.replay(apply=True, actor="ada")
    await until(lambda: worker.counts.done == 1)


async def test_a_duplicate_of_a_replayed_message_does_not_begin_its_count_again(memory: Rig) -> None:
    """Or a producer that repeats itself would keep a message out of quarantine."""
    at = desk(memory, max_replays=1)
    (letter,) = await _parked_replay(at)
    await memory.publish("m", data={"of": "m"})
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    broker.delete_records(memory.replay_topic, letter.partition, before=1)
    worker = memory.start({"made": at.handler}, inbox=at.inbox)
    await until(lambda: worker.counts.dead == 1)

    (of_duplicate,) = await at.letters.list()
    assert of_duplicate.id != letter.id
    assert (of_duplicate.state, of_duplicate.replay_count) == (LetterState.QUARANTINED, 1)


async def _parked_replay(at: Desk) -> tuple[DeadLetter, ...]:
    """A letter whose replay failed once and waits for its next run, and no worker."""
    await at.dead("m")
    await at.rig.stop()
    found = await at.letters.list()
    await at.letters.replay(apply=True, actor="ada")
    worker = at.rig.start({"made": at.handler}, inbox=at.inbox, retry=RetryPolicy(base=timedelta(seconds=20)))
    await until(lambda: worker.counts.retried == 1)
    await at.rig.stop()
    return found


@pytest.mark.parametrize("known_from", ["inbox", "index", "replay topic"])
async def test_force_replays_with_a_count_above_all_that_is_known(memory: Rig, known_from: str) -> None:
    """With the count of a replay that was consumed already nothing would run."""
    at = desk(memory, index=known_from == "index")
    await at.dead("m")
    await memory.stop()
    (letter,) = await at.letters.list()
    if known_from == "inbox":  # who ran the first replay wrote its letter to a topic that is gone
        claim = await at.inbox.claim(f"{memory.group}:m", owner="w", lease=timedelta(seconds=9), replay=Replay(1, "r"))
        assert isinstance(claim, Claim)
        await at.inbox.bury(claim, BURIAL)
        await at.inbox.dead(claim)
    else:
        await at.letters.replay(apply=True, actor="ada")
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    if known_from == "index":
        broker.delete_records(memory.replay_topic, letter.partition, before=1)
    await at.letters.replay(Selection(ids=[letter.id]), apply=True, actor="ada", force=True)

    assert [dict(one.headers)["x-dlq-replay-count"] for one in await at.replayed()][-1] == b"2"
    at.handler.broken = False
    worker = memory.start({"made": at.handler}, inbox=at.inbox)
    await until(lambda: worker.counts.done == 1)
    assert await at.states() == {"m": LetterState.REPLAYED}


async def test_letters_of_a_partition_are_replayed_in_the_order_of_its_log(memory: Rig) -> None:
    at = desk(memory)
    at.handler.broken = False
    names = [f"m{number}" for number in range(8)]
    await memory.stop()
    for name in names:
        await memory.publish(name, type_="unknown", data={})
    worker = memory.start({"made": at.handler})
    await until(lambda: worker.counts.dead == 8)
    await at.letters.replay(apply=True, actor="ada")

    assert [dict(record.headers)["ce_id"] for record in await at.replayed()] == [name.encode() for name in names]


async def test_a_discarded_letter_is_listed_no_more_and_its_mark_says_who_and_why(memory: Rig) -> None:
    at = desk(memory)
    await at.dead("a", "b")
    report = await at.letters.discard(Selection(message_id="a"), apply=True, actor="ada", why="a test order")
    assert [letter.message_id for letter in await at.letters.list()] == ["b"]
    (letter,) = await at.letters.list(Selection(states=[LetterState.DISCARDED]))
    assert letter.mark is not None
    assert (letter.mark.actor, letter.mark.why, letter.mark.run) == ("ada", "a test order", report.run)

    again = await at.letters.discard(Selection(ids=[letter.id]), apply=True, actor="bob", why="twice")
    assert again.left[0].why.startswith("discarded by ada at ")
    refused = await at.letters.replay(Selection(ids=[letter.id]), apply=True, actor="bob")
    assert refused.left[0].why.startswith("discarded by ada at ")
    assert (await at.letters.replay(Selection(ids=[letter.id]), apply=True, actor="bob", force=True)).acted
    assert (await at.states())["a"] is LetterState.REPLAYED
    assert [entry["state"] for entry in at.collection.find_one({"_id": letter.id})["history"]] == [
        "discarded",
        "replayed",
    ]


async def test_without_an_index_the_replay_topic_knows_what_was_replayed(rig: Rig) -> None:
    at = desk(rig, index=False)
    at.letters = DeadLetters(rig.group, [rig.topic], broker=rig.broker)
    await at.dead("m")
    at.handler.broken = False
    await at.letters.replay(apply=True, actor="ada", why="fixed")
    await until(lambda: at.worker.counts.done == 1)

    assert await at.letters.list() == ()
    (letter,) = await at.letters.list(Selection(states=[LetterState.REPLAYED]))
    assert letter.mark is not None
    assert (letter.mark.actor, letter.mark.why) == ("ada", "fixed")
    with pytest.raises(ConfigurationError, match=r"needs an index .*: set MONGODB_URI"):
        await at.letters.discard(Selection())


async def test_a_replay_that_was_cut_short_goes_on_where_it_was(memory: Rig) -> None:
    at = desk(memory)
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    await at.dead("a", "b", "c")
    at.handler.broken = False

    def cut(done: int, _: int) -> None:
        if done == 1:
            broker.fail_sends(memory.replay_topic)

    with pytest.raises(BrokerUnavailableError):
        await at.letters.replay(apply=True, actor="ada", progress=cut)
    assert len(await at.replayed()) == 1
    broker.allow_sends(memory.replay_topic)
    rest = await at.letters.replay(apply=True, actor="ada")
    await until(lambda: at.worker.counts.done == 3)

    assert len(rest.acted) == 2
    assert len(await at.replayed()) == 3


async def test_a_death_between_publishing_and_marking_is_made_up_for(memory: Rig) -> None:
    at = desk(memory)
    await at.dead("a", "b")
    at.handler.broken = False
    unmarked = DeadLetters(memory.group, [memory.topic], broker=memory.broker)  # publishes, and marks nothing
    first = await unmarked.replay(Selection(message_id="a"), apply=True, actor="ada", why="fixed")
    await at.letters.replay(apply=True, actor="bob")

    assert len(await at.replayed()) == 2
    marks = {found["_id"]: found for found in at.collection.find()}
    assert sorted(found["actor"] for found in marks.values()) == ["ada", "bob"]
    assert marks[first.acted[0].letter.id]["run"] == first.run


async def test_what_a_stranger_wrote_to_the_replay_topic_stops_no_replay(memory: Rig) -> None:
    at = desk(memory)
    await at.dead("a", "b")
    await at.letters.replay(Selection(message_id="a"), apply=True, actor="ada")
    (replayed,) = await at.replayed()
    for count in (b"1" + b"0" * 30, b"-5"):
        headers = [*replayed.headers, ("x-dlq-replay-count", count)]
        await (await memory.publisher.send(memory.replay_topic, key=b"k", value=b"{}", headers=headers))
    await at.letters.replay(apply=True, actor="bob")

    assert set((await at.states()).values()) == {LetterState.REPLAYED}
    assert {found["replay_count"] for found in at.collection.find()} == {0}


async def test_a_reused_id_is_a_letter_that_a_replay_does_not_help(rig: Rig) -> None:
    at = desk(rig)
    at.handler.broken = False
    await rig.publish("m", key="a", data={"n": 1})
    await until(lambda: at.worker.counts.done == 1)
    await rig.publish("m", key="b", data={"n": 1})
    await until(lambda: at.worker.counts.duplicate == 1)
    await rig.publish("m", key="b", data={"n": 2})
    await until(lambda: at.worker.counts.dead == 1)
    (letter,) = await at.letters.list()
    assert (letter.reason, letter.key) == ("key_reuse", b"b")

    (step,) = (await at.letters.replay(apply=True, actor="ada")).left
    assert "publish it again under an id of its own" in step.why
    await at.letters.replay(apply=True, actor="ada", force=True)
    await until(lambda: at.worker.counts.dead == 2)
    assert at.handler.runs == [("m", 1)]


async def test_the_same_event_in_both_modes_is_a_duplicate(memory: Rig) -> None:
    at = desk(memory)
    at.handler.broken = False
    await memory.publish("m", data={"n": 1})
    await until(lambda: at.worker.counts.done == 1)
    structured = [("content-type", b"application/cloudevents+json")]
    envelope = b'{"specversion": "1.0", "id": "%s", "type": "made", "data": {%s}}'
    await memory.publish_raw(b"k", envelope % (b"m", b'"n": 1'), structured)
    await until(lambda: at.worker.counts.duplicate == 1)
    await memory.publish_raw(b"k", envelope % (b"s", b'"n": 1, "a": 2'), structured)
    await memory.publish_raw(b"k", envelope % (b"s", b'"a":2,"n":1'), structured)
    await until(lambda: at.worker.counts.duplicate == 2)
    await memory.publish_raw(b"k", envelope % (b"s", b'"a":3,"n":1'), structured)
    await until(lambda: at.worker.counts.dead == 1)

    assert [letter.message_id for letter in await at.letters.list()] == ["s"]


async def test_what_cannot_be_meant_is_refused(memory: Rig) -> None:
    at = desk(memory)
    await at.dead("a")
    with pytest.raises(SelectionError, match="no dead letter has the id zzz"):
        await at.letters.replay(Selection(ids=["zzz"]))
    with pytest.raises(SelectionError, match="an empty id names no dead letter"):
        await at.letters.discard(Selection(ids=[""]), apply=True, actor="ada", why="a variable that was not set")
    await at.dead(*(f"m{number}" for number in range(17)))  # of 18 ids two begin with the same of 16 digits
    first = [letter.id[0] for letter in await at.letters.list()]
    twice = next(digit for digit in first if first.count(digit) > 1)
    with pytest.raises(SelectionError, match="dead letters have ids that begin with"):
        await at.letters.show(twice)
    with pytest.raises(ConfigurationError, match="say who"):
        await at.letters.replay(apply=True)
    with pytest.raises(ConfigurationError, match="say why"):
        await at.letters.discard(Selection(), apply=True, actor="ada")
    with pytest.raises(ConfigurationError, match="the rate is 0"):
        await at.letters.replay(apply=True, actor="ada", rate=0)
    assert await at.replayed() == []


async def test_a_missing_topic_is_named(memory: Rig) -> None:
    with pytest.raises(ConfigurationError, match=r"topic absent\.g\.dlq does not exist"):
        await DeadLetters(memory.group, ["absent"], broker=memory.broker).list()
    broker = InMemoryBroker()
    for name in (memory.topic, memory.dead_letter_topic):
        broker.create_topic(name, 1)
    at = desk(memory)
    await at.dead("m")
    (letter,) = await memory.letters(1)
    broker.append(memory.dead_letter_topic, key=letter.key, value=letter.value, headers=letter.headers)
    old = DeadLetters(memory.group, [memory.topic], broker=broker)
    assert len(await old.list()) == 1
    with pytest.raises(ConfigurationError, match=r"topic t\.g\.replay does not exist: create it"):
        await old.replay(apply=True, actor="ada")


@pytest.fixture
def shared_inbox() -> Iterator[MongoInbox]:
    inbox = MongoInbox(mongomock.MongoClient(tz_aware=True).db.inbox)
    inbox.create_indexes()
    yield inbox
    inbox.close()


async def test_the_stack_trace_waits_in_the_idempotency_store(memory: Rig, shared_inbox: MongoInbox) -> None:
    at = desk(memory, inbox=shared_inbox)
    await at.dead("m")
    (letter,) = await at.letters.list()
    shown = await at.letters.show(letter.id)

    assert letter.stack == ""
    assert shown is not None
    assert shown.stack.startswith("Traceback (most recent call last):")
    assert shown.stack.endswith("ValueError: m cannot be done\n")
    assert not any("Traceback" in (value or b"").decode(errors="replace") for _, value in letter.headers)


@pytest.mark.wire
async def test_a_letter_near_the_brokers_limit_is_replayed_with_its_bytes(kafka: Rig) -> None:
    """The original just fits; with the headers of a letter and of a replay it fits compressed, and by their own limits."""
    at = desk(kafka)
    value = b'{"a": "' + os.urandom(523_000).hex().encode() + b'"}'
    await kafka.publish("big", value=value)
    await until(lambda: at.worker.counts.dead == 1, timeout_s=30)
    at.handler.broken = False
    await at.letters.replay(apply=True, actor="ada")
    await until(lambda: at.worker.counts.done == 1, timeout_s=30)
    (record,) = await at.replayed()

    assert record.value == value


def _with_value(record: Record, value: bytes) -> Record:
    return type(record)(  # type: ignore[call-arg]  # a record of the in-memory log
        record.topic, record.partition, record.offset, record.timestamp, record.key, value, record.headers
    )
