"""Times that tell accounts apart are seen, and times that do not are not."""

import pytest

from .account_timing import accounts_told_apart, told_apart


@pytest.mark.parametrize(
    ("known", "unknown", "chance"),
    [
        ([1.0, 2.0, 3.0], [1.0, 2.0, 3.0], 50.0),
        ([2.0, 3.0], [0.0, 1.0], 100.0),
        ([0.0, 1.0], [2.0, 3.0], 0.0),
        ([1.0], [1.0, 1.0], 50.0),
        ([2.0, 0.0], [1.0], 50.0),
    ],
)
def test_the_chance_is_that_of_all_pairs(known: list[float], unknown: list[float], chance: float) -> None:
    assert told_apart(known, unknown) == chance


def test_more_work_for_one_kind_breaks_the_bar() -> None:
    def refused(exists: bool) -> None:
        sum(range(50_000 if exists else 500))

    (row,) = accounts_told_apart(refused, 50)

    assert row.within is False
