"""A school on the embedded server, with a clock that is moved by hand."""

from collections.abc import Iterator

import pytest

from chat_service.talking import MODELS
from lyceum_database.testing import ManualClock, temporary_database

from .school import School


@pytest.fixture(scope="module")
def _database() -> Iterator[None]:
    with temporary_database(MODELS):
        yield


@pytest.fixture
def school(_database: None) -> School:
    """One process, with an empty database."""
    for model in MODELS:
        model.objects.delete()
    return School(clock=ManualClock())
