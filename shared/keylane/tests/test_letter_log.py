"""What is read from the topics in any order: the latest letter and the latest replay of each message count."""

from __future__ import annotations

import asyncio
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
    from collections.abc import Iterator, Sequence

    from keylane.broker import Publisher

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
