"""Every test that asks for `database` runs on the embedded server and, marked `wire`, on the one of MONGODB_URI."""

import os
from collections.abc import Iterator

import pytest

import lyceum_database
from lyceum_database import models
from lyceum_database.testing import ManualClock, temporary_database

RECORDS = [
    getattr(models, name) for name in models.__all__ if issubclass(getattr(models, name), lyceum_database.Record)
]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["embedded", pytest.param("wire", marks=pytest.mark.wire)])
def bare_database(request: pytest.FixtureRequest) -> Iterator[str]:
    """An open connection to an empty database without indexes; the value says on which engine."""
    uri = os.environ["MONGODB_URI"] if request.param == "wire" else None  # noqa: TID251 - the wire tests' own setting
    with temporary_database(uri=uri):
        yield str(request.param)


@pytest.fixture
def database(bare_database: str) -> str:
    """As `bare_database`, with the indexes of all models."""
    lyceum_database.ensure_indexes(RECORDS)
    return bare_database
