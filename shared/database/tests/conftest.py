"""Every test that asks for `database` runs on the embedded server and, marked `wire`, on the one of MONGODB_URI."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import lyceum_database
import pytest
from lyceum_database import MongoSettings, models
from lyceum_database.embedded import EmbeddedMongoClient, embedded_settings
from pymongo import MongoClient

ALL_RECORDS = [
    getattr(models, name) for name in models.__all__ if issubclass(getattr(models, name), lyceum_database.Record)
]


class FakeClock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **amount: float) -> None:
        self.now += timedelta(**amount)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(params=["embedded", pytest.param("wire", marks=pytest.mark.wire)])
def database(request) -> Iterator[str]:
    """An open connection to an empty database with all indexes; the value says on which engine."""
    name = f"test_{lyceum_database.new_id()}"
    if request.param == "embedded":
        lyceum_database.connect(embedded_settings(name), client_class=EmbeddedMongoClient)
    else:
        lyceum_database.connect(MongoSettings(uri=os.environ["MONGODB_URI"], database=name))  # noqa: TID251 - the wire tests' own setting
    try:
        lyceum_database.ensure_indexes(ALL_RECORDS)
        yield request.param
    finally:
        lyceum_database.close()


@pytest.fixture
def wire_client() -> Iterator[MongoClient]:
    with MongoClient(os.environ["MONGODB_URI"]) as client:  # noqa: TID251 - as above
        yield client
