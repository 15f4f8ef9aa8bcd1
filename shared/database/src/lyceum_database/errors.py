"""Every error that storage raises.

DatabaseError
├── SettingsError        the settings cannot work: a program stops, a person corrects them
├── NotConnected         connect(settings) was not called, or close() was
├── AlreadyConnected     connect() to somewhere else while a connection is open
├── AccessDenied         the server knows neither these credentials nor this right
├── Unavailable          the server does not answer now: wait and try again
├── NotFound             no such document (or it belongs to another organization)
├── Duplicate            another document holds this unique key: .field
├── StaleVersion         somebody else changed the document first: read it again, decide again
├── Contended            somebody else was faster every time: nothing was written, try again in a moment
├── InvalidRecord        the document breaks its own rules: .fields
└── IndexesDiffer        indexes are missing or differ: .problems

Driver and mapper errors never leave this package; each is the `__cause__` of one of these.
"""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from collections.abc import Mapping, Sequence


class DatabaseError(Exception):
    """Root of all errors that storage raises."""


class SettingsError(DatabaseError):
    """The settings cannot work, and waiting will not heal them. The text never holds a password."""


class NotConnected(DatabaseError):
    """Storage was used before `connect(settings)` or after `close()`."""


class AlreadyConnected(DatabaseError):
    """`connect()` with other settings while a connection is open: call `close()` first."""


class AccessDenied(DatabaseError):
    """The server refused the credentials, or the account lacks the right."""


class Unavailable(DatabaseError):
    """The server did not answer in time. The write may or may not have happened: repeat what is idempotent."""


class NotFound(DatabaseError):
    """No such document, or it belongs to another organization.

    Attributes:
        model: name of the model that was asked.
        record_id: the id that was asked for, when it was asked for by id.
    """

    def __init__(self, message: str, *, model: str | None = None, record_id: str | None = None) -> None:
        super().__init__(message)
        self.model = model
        self.record_id = record_id


class Duplicate(DatabaseError):
    """Another document holds this unique key.

    Attributes:
        model: name of the model that was written.
        field: what must be unique, e.g. `email` or `conversation_id+seq`; None if the other document is gone by now.
        record_id: id of the document that holds the key.
    """

    def __init__(
        self, message: str, *, model: str | None = None, field: str | None = None, record_id: str | None = None
    ) -> None:
        super().__init__(message)
        self.model = model
        self.field = field
        self.record_id = record_id


class StaleVersion(DatabaseError):
    """Somebody else changed the document first: read it again and decide again.

    Attributes:
        model: name of the model that was written.
        record_id: the document.
        version: the version that the writer had read.
    """

    def __init__(
        self, message: str, *, model: str | None = None, record_id: str | None = None, version: int | None = None
    ) -> None:
        super().__init__(message)
        self.model = model
        self.record_id = record_id
        self.version = version


class Contended(DatabaseError):
    """Too many write to one document at one moment: nothing was written. The text may be shown to whoever asked.

    Attributes:
        retry_after_s: when it is worth trying again, in seconds.
    """

    retry_after_s = 1

    def __init__(self, message: str = "too many changes of the same thing at this moment: try again") -> None:
        super().__init__(message)


class InvalidRecord(DatabaseError):
    """The document breaks its own rules or cannot be stored at all, so nothing was written.

    Attributes:
        fields: field name -> what is wrong with it.
    """

    def __init__(self, message: str, *, fields: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.fields = dict(fields or {})


class IndexesDiffer(DatabaseError):
    """The database lacks indexes that the models declare, or has them with other options.

    Attributes:
        problems: one line per index.
    """

    def __init__(self, message: str, *, problems: Sequence[str]) -> None:
        super().__init__(message)
        self.problems = tuple(problems)


OUTAGES: tuple[type[DatabaseError], ...] = (Unavailable, AccessDenied, NotConnected)
"""The database is away, or refuses this program: whatever is being done fails alike, so it is left for later.

Refused credentials are here too: everything would fail with them, and nothing that is being done is at fault.
"""
