"""A MongoDB inside the process, for demonstrations and tests: nothing to install, nothing kept.

mongomock answers like MongoDB to the portable subset, but its find-and-modify reads and writes in two steps: two
threads were handed the same document. Here every call of every collection of one client runs under that client's one
lock, and a result set is read completely under it.
"""

from collections.abc import Callable, Iterator
from functools import wraps
from threading import RLock
from typing import Any

import mongomock
from mongomock.collection import Collection
from mongomock.database import Database

from lyceum_database import connection
from lyceum_database.settings import MongoSettings

SERIALISED = (
    "aggregate",
    "bulk_write",
    "count_documents",
    "create_index",
    "create_indexes",
    "delete_many",
    "delete_one",
    "distinct",
    "drop",
    "drop_index",
    "drop_indexes",
    "estimated_document_count",
    "find_one",
    "find_one_and_delete",
    "find_one_and_replace",
    "find_one_and_update",
    "index_information",
    "insert_many",
    "insert_one",
    "rename",
    "replace_one",
    "update_many",
    "update_one",
)
"""Calls of a collection that run under the lock; `find` is lazy and takes it when its results are read."""


class EmbeddedMongoClient(mongomock.MongoClient):  # type: ignore[type-arg] # generic in its stub only
    """A `MongoClient` on memory of its own; safe for threads, gone when it is closed."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self._turn = RLock()
        super().__init__(*args, **options)

    def get_database(self, *args: Any, **options: Any) -> Any:
        """Return the database, whose collections share this client's lock."""
        with self._turn:
            return _SerialisedDatabase.of(super().get_database(*args, **options), self._turn)


class _SerialisedDatabase(Database):
    _turn: RLock

    @classmethod
    def of(cls, plain: Any, turn: RLock) -> "_SerialisedDatabase":
        serialised = object.__new__(cls)
        serialised.__dict__.update(plain.__dict__, _turn=turn)
        return serialised

    def get_collection(self, *args: Any, **options: Any) -> Any:
        with self._turn:
            return _SerialisedCollection.of(super().get_collection(*args, **options), self._turn)  # type: ignore[no-untyped-call] # as mongomock is

    def with_options(self, *args: Any, **options: Any) -> Any:
        return self.of(super().with_options(*args, **options), self._turn)  # type: ignore[no-untyped-call] # as mongomock is


class _SerialisedCollection(Collection):
    _turn: RLock

    @classmethod
    def of(cls, plain: Any, turn: RLock) -> "_SerialisedCollection":
        serialised = object.__new__(cls)
        serialised.__dict__.update(plain.__dict__, _turn=turn)
        return serialised

    def with_options(self, *args: Any, **options: Any) -> Any:
        return self.of(super().with_options(*args, **options), self._turn)  # type: ignore[no-untyped-call] # as mongomock is

    def _get_dataset(self, *args: Any, **options: Any) -> Iterator[Any]:
        with self._turn:
            return iter(list(super()._get_dataset(*args, **options)))  # type: ignore[no-untyped-call] # as mongomock is


def _under_lock(call: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(call)
    def serialised(self: _SerialisedCollection, *args: Any, **options: Any) -> Any:
        with self._turn:
            return call(self, *args, **options)

    return serialised


for _name in SERIALISED:
    setattr(_SerialisedCollection, _name, _under_lock(getattr(Collection, _name)))


def embedded_settings(database: str = "lyceum") -> MongoSettings:
    """Settings for the embedded server: no address is looked up."""
    return MongoSettings(uri="mongodb://embedded.invalid", database=database)


def connect_embedded(database: str = "lyceum") -> None:
    """Open the process's connection on a fresh, empty embedded server."""
    connection.connect(embedded_settings(database), client_class=EmbeddedMongoClient)
