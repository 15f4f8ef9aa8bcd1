from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        "hazard(number, outcome): one of the 39 ways to register a model badly, and what becomes of it "
        "(plain, gone, error, check, lint); see test_outcomes.py",
    )
