"""Every test of this folder runs on the embedded database and, marked `wire`, on the server of MONGODB_URI."""

import os
from collections.abc import Iterator

import pytest

from lyceum_database import Course
from lyceum_database.testing import temporary_database
from lyceum_web.models import IdempotencyRecord


@pytest.fixture(params=["embedded", pytest.param("wire", marks=pytest.mark.wire)])
def database(request: pytest.FixtureRequest) -> Iterator[None]:
    uri = os.environ["MONGODB_URI"] if request.param == "wire" else None  # noqa: TID251 - the wire tests' own setting
    with temporary_database([IdempotencyRecord, Course], uri=uri):
        yield
