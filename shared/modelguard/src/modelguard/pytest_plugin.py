"""pytest fixture of modelguard, found through the entry point."""

from collections.abc import Iterator

import pytest

from modelguard._isolation import isolated


@pytest.fixture
def isolated_models() -> Iterator[None]:
    """Models defined during the test are gone after it, with everything they did to other models."""
    with isolated():
        yield
