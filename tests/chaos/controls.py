"""The judge on trial: workers with each known defect, and what it must find of them."""

from collections.abc import Mapping

from .orders import Broken

EXPECTED: Mapping[Broken, frozenset[str]] = {
    Broken.NO_INBOX: frozenset({"double effects", "runs granted after done", "attempts forgotten"}),
    Broken.UNKEYED: frozenset({"double effects"}),
    Broken.EAGER_COMMIT: frozenset({"lost", "commits past unfinished work"}),
    Broken.NO_ORDER: frozenset({"order violations"}),
    Broken.FORGETFUL: frozenset({"attempts beyond 5", "attempts forgotten"}),
    Broken.LOST_LETTERS: frozenset({"lost"}),
    Broken.ALTERED_LETTERS: frozenset({"dead letters altered"}),
    Broken.OVERBOOKED: frozenset({"over capacity"}),
    Broken.UNTIDY: frozenset({"seats leaked"}),
    Broken.COUNTS_CUTS: frozenset({"attempts without a failure"}),
    Broken.CLINGING: frozenset({"claims held at rest", "not at rest in time"}),
    Broken.DEAF: frozenset({"workers that ended badly"}),
    Broken.LAST_FIRST: frozenset({"students overtaken"}),
}
"""Defect -> charges that must be found."""


def missed(broken: Broken, red: list[str]) -> list[str]:
    """Charges that should have been found and were not."""
    return sorted(EXPECTED[broken] - set(red))
