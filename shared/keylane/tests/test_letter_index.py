"""The marks on letters, on the embedded engine and on a real server."""

from __future__ import annotations

import os
import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import bson
import mongomock
import pytest
from pymongo import MongoClient
from pymongo.errors import AutoReconnect

from keylane import ConfigurationError, LetterState, Mark, StoreUnavailableError, UnstorableError
from keylane.mongo import MongoLetterIndex

if TYPE_CHECKING:
    from collections.abc import Iterator

AT = datetime.now(UTC).replace(microsecond=0)
"""Today: the embedded engine really deletes what has expired."""
REPLAYED = Mark("l1", "g", LetterState.REPLAYED, 1, "ada", "fixed", "run1", AT)
DISCARDED = replace(REPLAYED, state=LetterState.DISCARDED, actor="bob", run="run2", at=AT + timedelta(seconds=1))


@pytest.fixture(params=["embedded", pytest.param("server", marks=pytest.mark.wire)])
def collection(request: pytest.FixtureRequest) -> Iterator[Any]:
    client: Any = (
        mongomock.MongoClient(tz_aware=True)
        if request.param == "embedded"
        else MongoClient(os.environ["MONGODB_URI"], tz_aware=True)  # noqa: TID251  the wire tests' one setting
    )
    yield client[f"letters{uuid.uuid4().hex[:8]}"].letters
    client.close()


@pytest.fixture
def index(collection: Any) -> Iterator[MongoLetterIndex]:
    made = MongoLetterIndex(collection)
    yield made
    made.close()


async def test_a_mark_is_read_as_it_was_kept(index: MongoLetterIndex) -> None:
    await index.mark(REPLAYED)

    assert await index.marks(["l1", "l2"]) == {"l1": REPLAYED}
    assert await index.marks([]) == {}


async def test_the_latest_mark_counts_and_the_earlier_ones_are_history(
    index: MongoLetterIndex, collection: Any
) -> None:
    await index.mark(REPLAYED)
    await index.mark(DISCARDED)

    assert await index.marks(["l1"]) == {"l1": DISCARDED}
    assert [entry["actor"] for entry in collection.find_one()["history"]] == ["ada", "bob"]
    assert await index.history("l1") == (REPLAYED, DISCARDED)
    assert await index.history("l2") == ()


async def test_a_mark_of_an_earlier_replay_does_not_replace_a_later_one(
    index: MongoLetterIndex, caplog: pytest.LogCaptureFixture
) -> None:
    later = replace(DISCARDED, replay_count=2)
    await index.mark(later)
    await index.mark(REPLAYED)

    assert await index.marks(["l1"]) == {"l1": later}
    assert "a mark of a later replay stands" in caplog.text


async def test_many_marks_are_kept_together_but_for_those_of_letters_replayed_since(
    index: MongoLetterIndex, collection: Any, caplog: pytest.LogCaptureFixture
) -> None:
    marks = [replace(REPLAYED, letter_id=f"l{number}") for number in range(300)]
    later = replace(DISCARDED, letter_id="l7", replay_count=2)
    await index.mark(later, *marks[20:40])
    await index.mark(*marks)

    wanted = {mark.letter_id: mark for mark in marks} | {"l7": later}
    assert await index.marks(list(wanted)) == wanted
    assert caplog.text.count("a mark of a later replay stands") == 1
    assert len(collection.find_one({"_id": "l30"})["history"]) == 2


async def test_the_history_of_a_letter_is_bounded(index: MongoLetterIndex, collection: Any) -> None:
    for number in range(30):
        await index.mark(replace(REPLAYED, run=f"run{number}"))

    runs = [entry["run"] for entry in collection.find_one()["history"]]
    assert runs == [f"run{number}" for number in range(10, 30)]


async def test_more_letters_than_one_question_holds(index: MongoLetterIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("keylane.mongo.letter_index.CHUNK", 2)
    for number in range(5):
        await index.mark(replace(REPLAYED, letter_id=f"l{number}"))

    assert sorted(await index.marks([f"l{number}" for number in range(9)])) == [f"l{number}" for number in range(5)]


async def test_marks_expire_only_where_that_is_asked_for(index: MongoLetterIndex, collection: Any) -> None:
    await index.mark(REPLAYED)
    assert "expire_at" not in collection.find_one()
    forgetful = MongoLetterIndex(collection, retention=timedelta(days=400))
    forgetful.create_indexes()
    await forgetful.mark(DISCARDED)

    assert collection.find_one()["expire_at"].replace(tzinfo=UTC) == DISCARDED.at + timedelta(days=400)
    assert "expire_at_1" in collection.index_information()
    forgetful.close()
    with pytest.raises(ConfigurationError, match="retention"):
        MongoLetterIndex(collection, retention=timedelta(0))


async def test_driver_errors_are_translated() -> None:
    collection: Any = mongomock.MongoClient(tz_aware=True).db.letters

    def refuse(*_: Any, **__: Any) -> None:
        raise AutoReconnect("connection closed")

    collection.find = refuse
    with pytest.raises(StoreUnavailableError, match="AutoReconnect: connection closed"):
        await MongoLetterIndex(collection).marks(["l1"])


@pytest.mark.parametrize("given", [{"why": "\udcff"}, {"replay_count": 2**70}, {"actor": object()}])
async def test_what_no_document_can_hold_is_refused_in_words(given: dict[str, Any]) -> None:
    """An error of bson is none of the driver's: it would leave the adapter as it is."""
    collection: Any = mongomock.MongoClient(tz_aware=True).db.letters
    collection.insert_many = lambda documents, **_: [bson.encode(one) for one in documents]
    with pytest.raises(UnstorableError, match=r"^the store cannot hold this: "):
        await MongoLetterIndex(collection).mark(replace(REPLAYED, **given))
