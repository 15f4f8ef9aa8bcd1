"""Writing by compare-and-set until it holds."""

# ruff: noqa: N818 - names say what happened

from collections.abc import Callable
from typing import TypeVar

from auth_service.errors import AuthError
from lyceum_database import StaleVersion

T = TypeVar("T")

TRIES = 50
"""Each try fails only if another one's write succeeded: this many are more than can wait at one time."""


class Contended(AuthError):
    """Too many write to one document at one moment.

    Attributes:
        retry_after_s: when it is worth trying again, in seconds.
    """

    def __init__(self) -> None:
        super().__init__("too many changes of the same thing at this moment: try again")
        self.retry_after_s = 1


def until_settled(change: Callable[[], T]) -> T:
    """Read, decide and write anew as often as somebody else was faster.

    Raises:
        Contended: they always were.
    """
    for _ in range(TRIES):
        try:
            return change()
        except StaleVersion:
            continue
    raise Contended
