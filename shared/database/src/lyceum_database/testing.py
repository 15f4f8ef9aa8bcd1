"""What tests of the platform share; needs the extra `embedded`."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta

import mongoengine

from lyceum_database.connection import close, connect
from lyceum_database.documents import Record
from lyceum_database.embedded import connect_embedded
from lyceum_database.errors import DatabaseError
from lyceum_database.ids import new_id
from lyceum_database.indexes import ensure_indexes
from lyceum_database.settings import MongoSettings
from lyceum_database.translation import translated_errors


class ManualClock:
    """A clock that stands still until it is moved; fits wherever a `Clock` is asked for."""

    def __init__(self, now: datetime = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        """Return the moment at which the clock stands."""
        return self.now

    def advance(self, by: timedelta) -> None:
        """Move the clock on."""
        self.now += by


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
