"""The servers of a command: named by the environment, asked once, given up after ten seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from lyceum_database import MongoSettings, close, connect, ping

GIVE_UP_AFTER = timedelta(seconds=10)
_GIVE_UP_MS = GIVE_UP_AFTER // timedelta(milliseconds=1)


@contextmanager
def database() -> Iterator[None]:
    """Connect to the database that `MONGODB_URI` names, and make sure that it answers.

    Raises:
        SettingsError: the address is missing or cannot work.
        Unavailable: no answer.
    """
    settings = MongoSettings(
        server_selection_timeout_ms=_GIVE_UP_MS, connect_timeout_ms=_GIVE_UP_MS, socket_timeout_ms=_GIVE_UP_MS
    )
    connect(settings)
    try:
        ping()
        yield
    finally:
        close()
