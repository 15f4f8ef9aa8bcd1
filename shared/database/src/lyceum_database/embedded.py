"""A MongoDB inside the process, for demonstrations and tests: nothing to install, nothing kept.

mongomock answers like MongoDB to the portable subset, but its find-and-modify reads and writes in two steps: two
threads were handed the same document. Here every call of every collection of one client runs under that client's one
lock, and a result set is read completely under it.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from threading import RLock
from typing import Any

import mongomock
from mongomock.collection import Collection
from mongomock.database import Database
from mongomock.filtering import filter_applies

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

BOUNDS = ("$gt", "$gte", "$lt", "$lte")
"""Operators that no absent field satisfies."""


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

    def _iter_documents(self, filter: Any) -> Iterator[Any]:  # noqa: A002 - mongomock's name
        """Compare closely only what can match, instead of every document with every condition."""
        sieve = _Sieve(filter)
        if not sieve or self._store.is_empty:
            found: Iterator[Any] = super()._iter_documents(filter)  # type: ignore[no-untyped-call] # as mongomock is
            return found
        return (one for one in sieve.candidates(self._store) if filter_applies(filter, one))  # type: ignore[no-untyped-call] # as mongomock is

    def _get_dataset(self, *args: Any, **options: Any) -> Iterator[Any]:
        with self._turn:
            return iter(list(super()._get_dataset(*args, **options)))  # type: ignore[no-untyped-call] # as mongomock is


class _Sieve:
    """The conditions of a filter that are cheap to check: a text that a field must be, a bound that it must have.

    It lets through whatever may match, and more: text in a list is looked at closely by mongomock.
    """

    def __init__(self, conditions: Mapping[str, Any]) -> None:
        plain = {name: value for name, value in conditions.items() if "." not in name and not name.startswith("$")}
        self._texts = _texts(plain)
        elements = {name: value.get("$elemMatch") for name, value in plain.items() if isinstance(value, dict)}
        self._elements = {name: found for name, value in elements.items() if value and (found := _texts(value))}
        self._present = [name for name, value in plain.items() if isinstance(value, dict) and _is_bound(value)]

    def __bool__(self) -> bool:
        return bool(self._texts or self._present or self._elements)

    def candidates(self, store: Any) -> list[Any]:
        """Return the documents that may match, in their order."""
        document_id = self._texts.get("_id")
        if document_id is None:
            return [one for one in store.documents if self._may_match(one)]
        return [store[document_id]] if document_id in store else []

    def _may_match(self, document: Mapping[str, Any]) -> bool:
        if not _may_have(document, self._texts) or not all(name in document for name in self._present):
            return False
        for name, texts in self._elements.items():
            elements = document.get(name)
            if isinstance(elements, list) and not any(_may_have(one, texts) for one in elements):
                return False
        return True


def _texts(conditions: Mapping[str, Any]) -> dict[str, str]:
    return {
        name: value
        for name, value in conditions.items()
        if type(value) is str and "." not in name and not name.startswith("$")
    }


def _may_have(document: Any, texts: Mapping[str, str]) -> bool:
    if not isinstance(document, dict):
        return True
    for name, text in texts.items():
        found = document.get(name)
        if found is None or (type(found) is str and found != text):
            return False
    return True


def _is_bound(value: Mapping[str, Any]) -> bool:
    return any(value.get(operator) is not None for operator in BOUNDS)


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
