"""A mock cluster for the whole run; each test has topics and a group of its own."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from keylane.testing import MockCluster

if TYPE_CHECKING:
    from collections.abc import Iterator

names = itertools.count()


@pytest.fixture(scope="session")
def cluster() -> Iterator[MockCluster]:
    with MockCluster() as running:
        yield running


@pytest.fixture
def topic(cluster: MockCluster) -> str:
    """A topic of four partitions with the dead-letter topic of group `g`."""
    name = f"t{next(names)}"
    cluster.create_topic(name, 4)
    cluster.create_topic(f"{name}.g.dlq", 4)
    return name
