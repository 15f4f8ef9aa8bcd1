"""Driver and mapper errors never leave storage: each becomes one of ours, with the original as its cause."""

import mongoengine
import pytest
from bson.errors import InvalidDocument
from mongoengine.connection import ConnectionFailure
from mongoengine.errors import SaveConditionError
from pymongo import errors as driver

from lyceum_database import (
    AccessDenied,
    DatabaseError,
    Duplicate,
    InvalidRecord,
    NotConnected,
    NotFound,
    StaleVersion,
    Unavailable,
    translated_errors,
)

TABLE: list[tuple[Exception, type[DatabaseError]]] = [
    (driver.DuplicateKeyError("E11000", 11000), Duplicate),
    (driver.BulkWriteError({"writeErrors": [{"code": 11000}]}), Duplicate),
    (mongoengine.NotUniqueError("taken"), Duplicate),
    (driver.OperationFailure("write conflict", 112), StaleVersion),
    (SaveConditionError("race"), StaleVersion),
    (driver.OperationFailure("auth failed", 18), AccessDenied),
    (driver.OperationFailure("not authorized", 13), AccessDenied),
    (driver.ServerSelectionTimeoutError("no servers"), Unavailable),
    (driver.AutoReconnect("connection closed"), Unavailable),
    (driver.NetworkTimeout("timed out"), Unavailable),
    (driver.NotPrimaryError("stepped down"), Unavailable),
    (driver.WaitQueueTimeoutError("pool is busy"), Unavailable),
    (driver.ExecutionTimeout("too slow", 50), Unavailable),
    (driver.WTimeoutError("no majority", 64), Unavailable),
    (driver.OperationFailure("no such command", 59), DatabaseError),
    (driver.DocumentTooLarge("17 MB"), InvalidRecord),
    (InvalidDocument("cannot encode"), InvalidRecord),
    (OverflowError("more than 8 bytes"), InvalidRecord),
    (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates not allowed"), InvalidRecord),
    (mongoengine.ValidationError("wrong"), InvalidRecord),
    (mongoengine.DoesNotExist("none"), NotFound),
    (mongoengine.InvalidQueryError("no such field"), DatabaseError),
    (mongoengine.LookUpError("no such field"), DatabaseError),
    (ConnectionFailure("You have not defined a default connection"), NotConnected),
]


@pytest.mark.parametrize(("original", "expected"), TABLE, ids=lambda value: getattr(value, "__name__", repr(value)))
def test_every_error_has_one_translation(original: Exception, expected: type[DatabaseError]) -> None:
    with pytest.raises(DatabaseError) as raised, translated_errors():
        raise original

    assert type(raised.value) is expected
    assert raised.value.__cause__ is original
    assert "\n" not in str(raised.value)


def test_what_the_mapper_wraps_is_translated_by_its_reason() -> None:
    def save() -> None:
        try:
            raise driver.OperationFailure("write conflict", 112)  # noqa: TRY301 - as mongoengine meets it
        except driver.OperationFailure:
            raise mongoengine.OperationError("Could not save document")  # noqa: B904 - as mongoengine raises it

    with pytest.raises(StaleVersion), translated_errors():
        save()


def test_a_topology_is_not_part_of_the_message() -> None:
    text = "db:27017: [Errno 111] Connection refused (configured timeouts: ...), Timeout: 3.0s, Topology Description: <...>"
    with pytest.raises(Unavailable) as raised, translated_errors():
        raise driver.ServerSelectionTimeoutError(text)

    assert "Topology" not in str(raised.value)
    assert "configured" not in str(raised.value)
    assert "db:27017" in str(raised.value)


@pytest.mark.parametrize("error", [KeyError("mine"), KeyboardInterrupt()])
def test_everything_else_passes_unchanged(error: BaseException) -> None:
    with pytest.raises(type(error)) as raised, translated_errors():
        raise error

    assert raised.value is error


def test_our_own_errors_pass_unchanged_through_a_second_translation() -> None:
    error = Duplicate("taken", field="email")
    with pytest.raises(Duplicate) as raised, translated_errors(), translated_errors():
        raise error

    assert raised.value is error


def test_every_error_is_exported_and_drawn_in_the_hierarchy() -> None:
    import lyceum_database
    from lyceum_database import errors

    names = {name for name, value in vars(errors).items() if isinstance(value, type) and issubclass(value, Exception)}

    assert names <= set(lyceum_database.__all__)
    assert {name for name in names if name not in (errors.__doc__ or "")} == set()
