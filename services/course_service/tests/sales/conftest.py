"""A shop on an empty database."""

import pytest

from lyceum_database.testing import ManualClock

from .shop import Shop


@pytest.fixture
def shop(database: str, clock: ManualClock) -> Shop:
    made = Shop(clock)
    made.stock()
    return made
