"""The documents of a collection that have outbox entries: taken for a lease, prolonged, and relieved of what is sent.

For the portable subset of MongoDB: a document is taken by compare-and-set on the moment when it is due. Calls block.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from pymongo.collection import Collection

LOOK_DOCUMENTS: Final = 100
"""Among this many documents, those due first, the oldest entry is looked for."""
MAX_BACKLOG: Final = 10_000
"""Documents counted at most: beyond it only the age tells more."""


class OutboxDocuments:
    """A collection as its relay sees it.

    Args:
        collection: Documents with `outbox` and `outbox_due`.
        lease: How long a taken document is left alone by other relays.
        clock: Aware UTC.
    """

    def __init__(
        self, collection: Collection[dict[str, Any]], *, lease: timedelta, clock: Callable[[], datetime]
    ) -> None:
        self._collection = collection
        self._lease = lease
        self._clock = clock

    def take_due(self, room: int, busy: frozenset[Any]) -> list[dict[str, Any]]:
        """Read what is due, then take each by compare-and-set on its due time."""
        now = self._clock()
        due = self._collection.find({"outbox_due": {"$lte": now}}, {"outbox": 1, "outbox_due": 1})
        taken = []
        for document in due.sort("outbox_due", 1).limit(room + len(busy)):
            if document["_id"] in busy:
                continue
            mine = {"_id": document["_id"], "outbox_due": document["outbox_due"]}
            lease = {"$set": {"outbox_due": now + self._lease}}
            if self._collection.update_one(mine, lease).matched_count == 1:
                taken.append({"_id": document["_id"], "outbox": document.get("outbox") or []})
        return taken

    def extend(self, document_id: Any) -> None:
        """Keep a document for another lease."""
        later = {"$max": {"outbox_due": self._clock() + self._lease}}
        self._collection.update_one({"_id": document_id, "outbox_due": {"$exists": True}}, later)

    def remove(self, document_id: Any, entry_ids: list[str]) -> None:
        """Remove what was published; entries added meanwhile stay and are due at once."""
        if entry_ids and self._empty(document_id, entry_ids):
            return
        self.pull(document_id, entry_ids)
        empty = {"_id": document_id, "outbox.0": {"$exists": False}}
        if self._collection.update_one(empty, {"$unset": {"outbox_due": ""}}).matched_count == 0:
            more = {"_id": document_id, "outbox.0": {"$exists": True}}
            self._collection.update_one(more, {"$set": {"outbox_due": self._clock()}})

    def _empty(self, document_id: Any, entry_ids: list[str]) -> bool:
        """Remove all entries in one write, if they are still those that were taken: writers only append."""
        last = len(entry_ids) - 1
        unchanged = {"_id": document_id, "outbox": {"$size": len(entry_ids)}, f"outbox.{last}.id": entry_ids[last]}
        done = {"$set": {"outbox": []}, "$unset": {"outbox_due": ""}}
        return self._collection.update_one(unchanged, done).matched_count == 1

    def pull(self, document_id: Any, entry_ids: list[str]) -> None:
        """Remove what was published; what is left is due when the lease ends."""
        self._collection.update_one({"_id": document_id}, {"$pull": {"outbox": {"id": {"$in": entry_ids}}}})

    def look(self) -> tuple[int, float]:
        """How many documents have entries, and how old the oldest entry is, in seconds."""
        waiting = {"outbox_due": {"$exists": True}}
        count = self._collection.count_documents(waiting, limit=MAX_BACKLOG)
        first = self._collection.find(waiting, {"outbox.headers.ce_time": 1}).sort("outbox_due", 1)
        written = [moment for found in first.limit(LOOK_DOCUMENTS) if (moment := _written_at(found)) is not None]
        return count, max(0.0, (self._clock() - min(written)).total_seconds()) if written else 0.0


def _written_at(document: dict[str, Any]) -> datetime | None:
    """When the first entry was written, as its event says; None when it does not."""
    for entry in document.get("outbox") or []:
        try:
            moment = datetime.fromisoformat(entry["headers"]["ce_time"])
        except (KeyError, TypeError, ValueError):
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return None
