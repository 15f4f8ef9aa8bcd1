"""What was published leaves its document in one write, and takes nothing along that was written meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import mongomock
import pytest

from keylane.mongo.outbox_documents import OutboxDocuments

NOW = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


class Documents:
    """One document with entries, as a relay sees it; counts the writes."""

    def __init__(self, *ids: str) -> None:
        client: Any = mongomock.MongoClient(tz_aware=True)
        self.collection = client.db.documents
        self.collection.insert_one({"_id": 1, "outbox": [{"id": id_} for id_ in ids], "outbox_due": NOW})
        self.writes = 0
        self.seen = OutboxDocuments(self, lease=timedelta(seconds=30), clock=lambda: NOW)  # type: ignore[arg-type] # stands in for the collection

    def update_one(self, *args: Any) -> Any:
        self.writes += 1
        return self.collection.update_one(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.collection, name)

    def left(self) -> tuple[list[str], bool]:
        (document,) = self.collection.find()
        return [entry["id"] for entry in document["outbox"]], "outbox_due" in document


def test_a_document_is_taken_and_relieved_of_its_entries_by_two_writes() -> None:
    documents = Documents("a", "b")
    (taken,) = documents.seen.take_due(10, frozenset())

    documents.seen.remove(1, [entry["id"] for entry in taken["outbox"]])

    assert documents.left() == ([], False)
    assert documents.writes == 2


@pytest.mark.parametrize("gone", [[], ["a"]])
def test_an_entry_that_was_added_meanwhile_stays_and_is_due(gone: list[str]) -> None:
    """Also if a rival removed as many as were added."""
    documents = Documents("a", "b")
    documents.seen.take_due(10, frozenset())
    documents.collection.update_one({"_id": 1}, {"$push": {"outbox": {"id": "c"}}})
    documents.collection.update_one({"_id": 1}, {"$pull": {"outbox": {"id": {"$in": gone}}}})

    documents.seen.remove(1, ["a", "b"])

    assert documents.left() == (["c"], True)
    assert documents.collection.count_documents({"outbox_due": NOW}) == 1
