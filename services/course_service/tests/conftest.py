"""Every test that asks for `database` runs on the embedded server and, marked `wire`, on the one of MONGODB_URI."""

import os
from collections.abc import Iterator

import pytest

from course_service import models
from lyceum_database import Record
from lyceum_database.testing import ManualClock, temporary_database

MODELS = [getattr(models, name) for name in models.__all__]
STORED = [model for model in MODELS if issubclass(model, Record) and not model._meta.get("abstract")]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["embedded", pytest.param("wire", marks=pytest.mark.wire)])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    """An open connection to an empty database with the indexes of this service; the value says on which engine."""
    uri = os.environ["MONGODB_URI"] if request.param == "wire" else None  # noqa: TID251 - the wire tests' own setting
    with temporary_database(STORED, uri=uri):
        yield str(request.param)
