"""Writing by compare-and-set until it holds."""

from collections.abc import Callable
from typing import TypeVar

from lyceum_database.errors import Contended

T = TypeVar("T")

TRIES = 100
"""Each try fails only if another one's write succeeded: this many are more than can wait at one time."""


def until_settled(attempt: Callable[[], T | None]) -> T:
    """Read, decide and write anew as often as somebody else was faster: as often as `attempt` answers None.

    Raises:
        Contended: they always were.
    """
    for _ in range(TRIES):
        result = attempt()
        if result is not None:
            return result
    raise Contended
