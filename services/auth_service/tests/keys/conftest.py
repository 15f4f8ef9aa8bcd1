"""A directory that is not there yet, and a clock."""

from pathlib import Path

import pytest

from .hands import Hands


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys"
