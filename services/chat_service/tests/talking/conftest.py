"""A school on the embedded server, with a clock that is moved by hand."""

from collections.abc import Iterator

import pytest

from chat_service.talking import MODELS
from lyceum_database.testing import ManualClock, temporary_database

from .school import School


@pytest.fixture
def school() -> Iterator[School]:
    """One process, with an empty database."""
    with temporary_database(MODELS):
        yield School(clock=ManualClock())
