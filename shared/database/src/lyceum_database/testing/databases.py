"""Databases that are empty at first and gone afterwards."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress

import mongoengine

from lyceum_database.connection import close, connect
from lyceum_database.documents import Record
from lyceum_database.embedded import connect_embedded
from lyceum_database.errors import DatabaseError
from lyceum_database.ids import new_id
from lyceum_database.indexes import ensure_indexes
from lyceum_database.settings import MongoSettings
from lyceum_database.translation import translated_errors


@contextmanager
def temporary_database(models: Iterable[type[Record]] = (), *, uri: str | None = None) -> Iterator[str]:
    """Connect to an empty database of a new name that has the models' indexes, and remove it afterwards.

    Without `uri` it is an embedded one. Yields the database's name.
    """
    name = f"test_{new_id()}"
    if uri is None:
        connect_embedded(name)
    else:
        connect(MongoSettings(uri=uri, database=name))
    try:
        ensure_indexes(models)
        yield name
    finally:
        with suppress(DatabaseError), translated_errors():  # the server may be gone, and one cannot drop databases
            mongoengine.get_connection().drop_database(name)
        close()
