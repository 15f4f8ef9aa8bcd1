"""An empty embedded database per test."""

import itertools
from collections.abc import Iterator

import pytest

from lyceum_allocation import Allocation, TrainerCapacity
from lyceum_allocation.testing import Town
from lyceum_database import close, ensure_indexes
from lyceum_database.embedded import connect_embedded

_numbers = itertools.count()


@pytest.fixture
def town(database: None) -> Town:
    return Town()


@pytest.fixture
def database() -> Iterator[None]:
    connect_embedded(f"allocation-{next(_numbers)}")
    ensure_indexes([Allocation, TrainerCapacity])
    yield
    close()
