"""The marks on dead letters in a MongoDB collection, one document per letter with what was done to it before."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from pymongo.errors import BulkWriteError

from keylane.errors import ConfigurationError
from keylane.letter_index import LetterState, Mark
from keylane.mongo.calls import Calls

if TYPE_CHECKING:
    from collections.abc import Collection as Several
    from collections.abc import Mapping

    from pymongo.collection import Collection

log = logging.getLogger("keylane")

EXPIRY_INDEX: Final = "expire_at_1"
HISTORY: Final = 20
"""Newest entries kept of what was done to one letter."""
DUPLICATE_KEY: Final = 11000
CHUNK: Final = 1000
"""Letters asked for at once."""
FIELDS: Final = ("group", "state", "replay_count", "actor", "why", "run", "at")


class MongoLetterIndex:
    """Marks that survive and are shared by all operators.

    Args:
        collection: Of a client with `tz_aware=True`. Several groups may share it.
        retention: How long a mark is kept. None, the default, for ever, as a dead-letter topic keeps its letters: a
            letter whose mark has expired looks as if nobody had dealt with it. Give it, and `create_indexes()` in a
            deploy step, where the topics forget too.

    Raises:
        ConfigurationError: The retention is not positive.
    """

    def __init__(self, collection: Collection[dict[str, Any]], *, retention: timedelta | None = None) -> None:
        if retention is not None and retention <= timedelta(0):
            raise ConfigurationError(f"MongoLetterIndex.retention is {retention}: it must be a positive duration")
        self._collection = collection
        self._retention = retention
        self._calls = Calls("keylane-letters", 1)

    def create_indexes(self) -> None:
        """Let marks with a retention expire; blocks, and may be repeated."""
        self._collection.create_index("expire_at", name=EXPIRY_INDEX, expireAfterSeconds=0)

    async def marks(self, letter_ids: Several[str]) -> Mapping[str, Mark]:
        """The latest mark of each of these letters that has one."""
        return await self._calls.run(self._marks, list(letter_ids))

    async def history(self, letter_id: str) -> tuple[Mark, ...]:
        """The newest marks of one letter, the oldest first."""
        return await self._calls.run(self._history, letter_id)

    async def mark(self, *marks: Mark) -> None:
        """Keep marks of several letters, each unless one of a later replay of its letter stands."""
        await self._calls.run(self._mark, marks)

    def close(self) -> None:
        """Let the thread end; the client stays the caller's."""
        self._calls.close()

    # --- in a thread -------------------------------------------------------------------------------------------

    def _marks(self, letter_ids: list[str]) -> dict[str, Mark]:
        found: dict[str, Mark] = {}
        for start in range(0, len(letter_ids), CHUNK):
            wanted = {"_id": {"$in": letter_ids[start : start + CHUNK]}}
            found.update((document["_id"], _read(document)) for document in self._collection.find(wanted))
        return found

    def _history(self, letter_id: str) -> tuple[Mark, ...]:
        document = self._collection.find_one({"_id": letter_id})
        if document is None:
            return ()
        whose = {name: document[name] for name in ("_id", "group")}
        return tuple(_read({**whose, **entry}) for entry in document["history"])

    def _mark(self, marks: tuple[Mark, ...]) -> None:
        """First marks all in one round trip; of a letter that has one already, each for itself."""
        try:
            self._collection.insert_many([self._first(mark) for mark in marks], ordered=False)
        except BulkWriteError as exc:
            errors = exc.details["writeErrors"]
            if any(error["code"] != DUPLICATE_KEY for error in errors):
                raise
            for error in errors:
                self._mark_again(marks[error["index"]])

    def _mark_again(self, mark: Mark) -> None:
        not_later = {"_id": mark.letter_id, "replay_count": {"$lte": mark.replay_count}}
        change = {"$set": self._facts(mark), "$push": {"history": {"$each": [_entry(mark)], "$slice": -HISTORY}}}
        if self._collection.update_one(not_later, change).matched_count == 0:
            log.warning("letter %s: a mark of a later replay stands", mark.letter_id, extra={"action": "mark_left"})

    def _first(self, mark: Mark) -> dict[str, Any]:
        return {"_id": mark.letter_id, **self._facts(mark), "history": [_entry(mark)]}

    def _facts(self, mark: Mark) -> dict[str, Any]:
        expiry = {} if self._retention is None else {"expire_at": mark.at + self._retention}
        return {"group": mark.group, **_entry(mark), **expiry}


def _entry(mark: Mark) -> dict[str, Any]:
    entry = {name: getattr(mark, name) for name in FIELDS if name != "group"}
    return {**entry, "state": mark.state.value}


def _read(document: dict[str, Any]) -> Mark:
    at: datetime = document["at"]
    facts = {name: document[name] for name in FIELDS}
    facts["state"] = LetterState(document["state"])
    facts["at"] = at if at.tzinfo else at.replace(tzinfo=UTC)
    return Mark(letter_id=document["_id"], **facts)
