"""What is read from the topics in any order: the latest letter and the latest replay of each message count."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import mongomock
import pytest

from keylane import BrokerUnavailableError, DeadLetters, LetterState, Mark, Selection
from keylane.dead_letter import read_letter
from keylane.mongo import MongoLetterIndex
from keylane.replaying import headers_of_replay

from .shelf import DIED, Shelf, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Collection, Iterable, Iterator, Mapping, Sequence

    from keylane.broker import Publisher, Record

EVERY = Selection(states=list(LetterState))


@pytest.fixture
def index() -> Iterator[MongoLetterIndex]:
    collection: Any = mongomock.MongoClient(tz_aware=True).db.letters
    made = MongoLetterIndex(collection)
    yield made
    made.close()


def mark(letter_id: str, replay_count: int, actor: str = "ada") -> Mark:
    return Mark(letter_id, "g", LetterState.REPLAYED, replay_count, actor, "fixed", f"run{replay_count}", DIED)


def publish(shelf: Shelf, done: Mark, *, partition: int = 0) -> None:
    """The replay of a letter as somebody published it who was cut short before it was marked."""
    (laid,) = (one for one in shelf.records("t.g.dlq") if text_of(one.headers, "x-dlq-id") == done.letter_id)
    headers = headers_of_replay(read_letter(laid), done)
    shelf.append("t.g.replay", key=laid.key, value=laid.value, headers=headers, partition=partition)


async def test_letters_are_replayed_in_the_order_of_the_log_not_of_their_deaths() -> None:
    """A key that was parked dies after the ones behind it."""
    shelf = Shelf()
    for offset in (5, 0, 3, 1, 4, 2):
        shelf.lay(offset, partition=offset % 2)
    desk = DeadLetters("g", ["t"], broker=shelf)
    planned = await desk.replay()
    await desk.replay(apply=True, actor="ada", rate=None)

    assert [step.letter.offset for step in planned.steps] == list(range(6))
    of_one_partition = [record.headers for record in shelf.records("t.g.replay") if record.partition == 0]
    names = [text_of(headers, "ce_id") for headers in of_one_partition]
    assert names == sorted(names)


async def test_of_several_letters_of_a_message_the_latest_counts_wherever_it_lies() -> None:
    """Records without a key go to any partition, and partitions are read in no order."""
    shelf = Shelf()
    shelf.lay(0, replays=2, partition=0)
    shelf.lay(0, replays=1, partition=1)
    shelf.lay(0, replays=0, partition=1)
    (letter,) = await DeadLetters("g", ["t"], broker=shelf).list(EVERY)

    assert (letter.replay_count, letter.state) == (2, LetterState.OPEN)


async def test_of_several_replays_of_a_letter_the_latest_counts_wherever_it_lies() -> None:
    shelf = Shelf()
    letter_id = shelf.lay(0)
    publish(shelf, mark(letter_id, 1, "bob"), partition=0)
    publish(shelf, mark(letter_id, 0, "ada"), partition=1)
    (letter,) = await DeadLetters("g", ["t"], broker=shelf).list(EVERY)

    assert letter.mark is not None
    assert (letter.mark.actor, letter.latest_replay) == ("bob", 2)


async def test_what_was_published_counts_before_an_older_mark(index: MongoLetterIndex) -> None:
    """The second replay was cut short before it was marked: published a third time it would run again."""
    shelf = Shelf()
    letter_id = shelf.lay(0, replays=1)
    await index.mark(mark(letter_id, 0, "ada"))
    publish(shelf, mark(letter_id, 1, "bob"))
    desk = DeadLetters("g", ["t"], broker=shelf, index=index)
    (letter,) = await desk.list(EVERY)

    assert letter.mark is not None
    assert (letter.state, letter.mark.actor) == (LetterState.REPLAYED, "bob")
    assert (await desk.replay(apply=True, actor="eve")).steps == ()
    assert len(shelf.replayed) == 1


async def test_a_wild_count_in_a_topic_is_not_counted_on() -> None:
    """The worker believes none above a thousand: a replay that counts on from there would be passed over."""
    shelf = Shelf()
    letter_id = shelf.lay(0)
    publish(shelf, mark(letter_id, 10**17, "a stranger"))
    shelf.lay(0, replays=10**17)
    await DeadLetters("g", ["t"], broker=shelf).replay(apply=True, actor="ada")

    assert shelf.replayed[1:] == [("m0", "1")]


async def test_words_of_a_replay_are_bounded_in_its_headers() -> None:
    """In bytes, however many of them a character has: a letter near the broker's limit still fits."""
    shelf = Shelf()
    shelf.lay(0)
    desk = DeadLetters("g", ["t"], broker=shelf)
    await desk.replay(apply=True, actor="\N{SNOWMAN}" * 128, why="\N{SNOWMAN}" * 512)
    (replay,) = shelf.records("t.g.replay")

    assert len(text_of(replay.headers, "x-dlq-replayed-by").encode()) == 126
    assert len(text_of(replay.headers, "x-dlq-replay-why").encode()) == 510


class Silent(Shelf):
    """Takes every record, and acknowledges none."""

    def publisher(self, *, compress: bool = False) -> Publisher:
        del compress
        return SilentPublisher()


class SilentPublisher:
    async def send(
        self, topic: str, *, key: bytes | None, value: bytes | None, headers: Sequence[tuple[str, bytes | None]]
    ) -> asyncio.Future[None]:
        del topic, key, value, headers
        return asyncio.get_running_loop().create_future()

    async def close(self, *, timeout_s: float) -> None:
        del timeout_s


@pytest.mark.parametrize("rate", [None, 100.0])
async def test_a_replay_that_is_not_acknowledged_is_neither_told_nor_marked(
    index: MongoLetterIndex, monkeypatch: pytest.MonkeyPatch, rate: float | None
) -> None:
    monkeypatch.setattr("keylane.republishing.SEND_WAIT_S", 0.05)
    shelf, told = Silent(), list[int]()
    first, *rest = (shelf.lay(offset) for offset in range(3))
    desk = DeadLetters("g", ["t"], broker=shelf, index=index)
    async with asyncio.timeout(timedelta(seconds=5).total_seconds()):
        with pytest.raises(BrokerUnavailableError, match=f"no acknowledgement of letter {first}"):
            await desk.replay(apply=True, actor="ada", rate=rate, progress=lambda done, _: told.append(done))

    assert told == []
    assert await index.marks([first, *rest]) == {}


async def test_values_stay_in_the_topic_until_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many letters there are: a list of them is no copy of their topic."""
    monkeypatch.setattr("keylane.rereading.MOST_BYTES", 1000)
    shelf, values = Counting(), [b"%d" % offset * 100 for offset in range(30)]
    for offset, value in enumerate(values):
        shelf.lay(offset, partition=offset % 2, value=value)
    shelf.lay(30, value=b"x" * 5000)
    desk = DeadLetters("g", ["t"], broker=shelf)
    listed = await desk.list()
    assert {letter.value for letter in listed} == {None}
    assert sorted(letter.value_bytes or 0 for letter in listed) == sorted([*map(len, values), 5000])
    assert shelf.picked == []
    in_turn = sorted(listed, key=lambda letter: -letter.offset)
    full = [letter async for letter in desk.whole(in_turn)]

    assert [letter.value for letter in full] == [b"x" * 5000, *reversed(values)]
    assert max(shelf.picked[1:]) <= 10
    assert shelf.picked[0] == 1, "one that is larger than what is read at once is read alone"
    await desk.replay(apply=True, actor="ada", rate=None)
    assert {record.value for record in shelf.records("t.g.replay")} == {*values, b"x" * 5000}


class Counting(Shelf):
    """Notes how many letters are picked at once."""

    def __init__(self) -> None:
        super().__init__()
        self.picked: list[int] = []

    async def pick(
        self, topic: str, batches: Iterable[Mapping[int, Collection[int]]]
    ) -> AsyncGenerator[list[Record], None]:
        async with aclosing(super().pick(topic, batches)) as picked:
            async for batch in picked:
                self.picked.append(len(batch))
                yield batch


async def test_no_more_than_some_hundred_letters_are_read_at_once() -> None:
    shelf = Counting()
    for offset in range(450):
        shelf.lay(offset)
    desk = DeadLetters("g", ["t"], broker=shelf)
    assert len([letter async for letter in desk.whole(await desk.list())]) == 450

    assert shelf.picked == [200, 200, 50]


async def test_letters_of_several_topics_are_read_in_the_order_asked_for() -> None:
    shelf = Shelf()
    for name in ("u.g.dlq", "u.g.replay"):
        shelf.create_topic(name, 1)
    for offset in range(6):
        shelf.lay(offset, topic="tu"[offset % 2], value=b"%d" % offset)
    desk = DeadLetters("g", ["t", "u"], broker=shelf)
    listed = sorted(await desk.list(), key=lambda letter: letter.offset)

    assert [letter.value async for letter in desk.whole(listed)] == [b"%d" % offset for offset in range(6)]
    await desk.replay(apply=True, actor="ada")
    assert [one.value for one in shelf.records("u.g.replay")] == [b"1", b"3", b"5"]


async def test_a_letter_that_is_gone_when_its_turn_comes_is_left_and_said_so() -> None:
    """Retention may delete it in the meantime, and another topic of the same name may hold another letter there."""
    shelf = Vanishing()
    kept, gone = shelf.lay(1), shelf.lay(0)
    desk = DeadLetters("g", ["t"], broker=shelf)
    report = await desk.replay(apply=True, actor="ada")

    assert [step.letter.id for step in report.acted] == [kept]
    (left,) = report.left
    assert (left.letter.id, left.why) == (gone, "it is gone from its topic since it was read")
    assert shelf.replayed == [("m1", "1")]
    shown = await desk.show(gone)
    assert shown is not None
    assert (shown.value, shown.value_bytes) == (None, 2)


class Vanishing(Shelf):
    """Has another letter where that of `m0` was, once it is picked."""

    async def pick(
        self, topic: str, batches: Iterable[Mapping[int, Collection[int]]]
    ) -> AsyncGenerator[list[Record], None]:
        async with aclosing(super().pick(topic, batches)) as picked:
            async for batch in picked:
                other = {text_of(one.headers, "ce_id"): one for one in self.records(topic)}["m1"]
                yield [
                    replace(other, offset=one.offset) if text_of(tuple(one.headers), "ce_id") == "m0" else one
                    for one in batch
                ]


async def test_a_limit_counts_what_is_acted_on_and_not_what_is_left() -> None:
    """Or quarantined letters at the front would be all that a limited replay ever reaches."""
    shelf = Shelf()
    for offset in range(3):
        shelf.lay(offset, replays=3)
    for offset in range(3, 9):
        shelf.lay(offset)
    desk = DeadLetters("g", ["t"], broker=shelf)
    report = await desk.replay(apply=True, actor="ada", limit=2)

    assert [step.letter.offset for step in report.acted] == [3, 4]
    assert len(shelf.replayed) == 2


async def test_what_was_done_is_told_from_index_and_replay_topic_together(index: MongoLetterIndex) -> None:
    shelf = Shelf()
    letter_id = shelf.lay(0)
    publish(shelf, mark(letter_id, 0, "ada"))  # cut short before it was marked
    discarded = replace(mark(letter_id, 0, "bob"), state=LetterState.DISCARDED, at=DIED + timedelta(hours=1))
    await index.mark(discarded)
    shown = await DeadLetters("g", ["t"], broker=shelf, index=index).show(letter_id)

    assert shown is not None
    assert [(one.actor, one.state) for one in shown.history] == [
        ("ada", LetterState.REPLAYED),
        ("bob", LetterState.DISCARDED),
    ]


async def test_letters_that_died_together_are_listed_as_they_lie() -> None:
    """Reading their values then is reading on, not a seek for each."""
    shelf = Shelf()
    for offset in range(9):
        shelf.lay(offset)

    assert [letter.offset for letter in await DeadLetters("g", ["t"], broker=shelf).list()] == list(range(9))
