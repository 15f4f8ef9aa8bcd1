"""A shop on an empty database."""

from collections.abc import Iterator

import pytest

from lyceum_database.testing import ManualClock, temporary_database

from .shop import Shop
from .stepping import STORED


@pytest.fixture
def shop(database: str, clock: ManualClock) -> Shop:
    made = Shop(clock)
    made.stock()
    return made


@pytest.fixture
def embedded_shop(clock: ManualClock) -> Iterator[Shop]:
    """For what stands above the stores: where they differ is tested below it."""
    with temporary_database(STORED):
        made = Shop(clock)
        made.stock()
        yield made
