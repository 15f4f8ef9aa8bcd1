"""The one place where driver and mapper errors become ours."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import mongoengine
from bson.errors import BSONError
from mongoengine.base.document import NON_FIELD_ERRORS
from mongoengine.connection import ConnectionFailure as NoConnection
from mongoengine.errors import MongoEngineException, SaveConditionError
from pymongo import errors as driver

from lyceum_database.errors import (
    AccessDenied,
    DatabaseError,
    Duplicate,
    InvalidRecord,
    NotConnected,
    NotFound,
    StaleVersion,
    Unavailable,
)

# Server error codes, https://github.com/mongodb/mongo/blob/master/src/mongo/base/error_codes.yml
_UNAUTHORIZED = 13
_AUTHENTICATION_FAILED = 18
_MAX_TIME_EXPIRED = 50
_WRITE_CONCERN_TIMEOUT = 64
_WRITE_CONFLICT = 112
_DUPLICATE_KEYS = frozenset({11000, 11001, 12582})
_DENIED = frozenset({_UNAUTHORIZED, _AUTHENTICATION_FAILED})
_TAKEN = "another document holds one of this document's unique keys"
_TIMED_OUT = frozenset({_MAX_TIME_EXPIRED, _WRITE_CONCERN_TIMEOUT})


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise this package's errors in place of the driver's and mapper's; the original is the cause.

    For stores that speak to a collection themselves. `Duplicate.field` stays None here: servers do not agree on telling
    which key collided, so only `Repository`, which knows the document, looks it up.

    Raises:
        DatabaseError: one of its subclasses; the root itself for what the server refused for another reason.
    """
    try:
        yield
    except mongoengine.ValidationError as exc:
        raise _invalid(exc) from exc
    except NoConnection as exc:
        raise NotConnected("no database connection: call lyceum_database.connect(settings) first") from exc
    except (MongoEngineException, mongoengine.LookUpError) as exc:
        raise _from_mapper(exc) from exc
    except (BSONError, driver.DocumentTooLarge, UnicodeEncodeError, OverflowError) as exc:
        # The last two are how the encoder refuses half a surrogate pair and an integer of more than 64 bits.
        raise InvalidRecord(f"the document cannot be stored: {_first_line(exc)}") from exc
    except driver.PyMongoError as exc:
        raise _from_driver(exc) from exc


def _from_mapper(exc: Exception) -> DatabaseError:
    if isinstance(exc, mongoengine.DoesNotExist):
        return NotFound(f"no such document: {exc}")
    if isinstance(exc, mongoengine.NotUniqueError):
        return Duplicate(_TAKEN)
    if isinstance(exc, SaveConditionError):
        return StaleVersion("the document was changed or removed since it was read")
    if isinstance(exc.__context__, driver.PyMongoError):
        return _from_driver(exc.__context__)
    return DatabaseError(f"the document mapper refused: {_first_line(exc)}")


def _from_driver(exc: Exception) -> DatabaseError:
    if isinstance(exc, driver.DuplicateKeyError):
        return Duplicate(_TAKEN)
    if isinstance(exc, driver.ConnectionFailure | driver.WaitQueueTimeoutError | driver.ExecutionTimeout):
        return Unavailable(f"MongoDB does not answer: {_first_line(exc)}")
    if isinstance(exc, driver.OperationFailure):
        return _from_code(exc)
    return DatabaseError(f"MongoDB refused: {_first_line(exc)}")


def _from_code(exc: driver.OperationFailure) -> DatabaseError:
    codes = _codes(exc)
    if codes & _DUPLICATE_KEYS:
        return Duplicate(_TAKEN)
    if codes & _DENIED:
        return AccessDenied(f"MongoDB refused the credentials or the right (code {exc.code}): check MONGODB_URI")
    if _WRITE_CONFLICT in codes:
        return StaleVersion("another write reached the document at the same moment: read it again")
    if codes & _TIMED_OUT:
        return Unavailable(f"MongoDB did not finish in time (code {exc.code})")
    return DatabaseError(f"MongoDB refused (code {exc.code}): {_first_line(exc)}")


def _codes(exc: driver.OperationFailure) -> set[int]:
    """The error's own code and, for a bulk write, those of its parts."""
    details = exc.details or {}
    parts = details.get("writeErrors", [])
    return {code for code in [exc.code, *(part.get("code") for part in parts)] if code is not None}


def _invalid(exc: mongoengine.ValidationError) -> InvalidRecord:
    fields = dict(_flattened(exc.to_dict()))
    listed = "; ".join(f"{name}: {reason}" for name, reason in fields.items())
    return InvalidRecord(listed or _first_line(exc), fields=fields)


def _flattened(errors: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Dotted names of the fields at fault; what a document's own `clean` raised is filed under a name of its own."""
    for name, reason in errors.items():
        path = prefix if name == NON_FIELD_ERRORS else f"{prefix}{name}."
        if isinstance(reason, Mapping):
            yield from _flattened(reason, path)
        else:
            yield path.removesuffix(".") or "document", str(reason)


def _first_line(exc: Exception) -> str:
    """The driver appends whole topologies and its settings to its messages; the first words say what happened."""
    return str(exc).partition("\n")[0].partition(", Timeout:")[0].partition(" (configured timeouts:")[0]
