"""Progress of long work, on standard error: a line every few seconds, readable in a terminal and in a log."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_S: Final = 2.0
"""Seconds between two lines; work that is done sooner prints none."""


class Progress:
    """Told after each letter, and of the reading before.

    Args:
        what: What happened to those that are done.
        monotonic: Seconds.
    """

    def __init__(self, what: str = "done", *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._what = what
        self._monotonic = monotonic
        self._said_at = monotonic()
        self.done = 0
        self._total = 0

    def __call__(self, done: int, total: int) -> None:
        """Note it, and say it if it is time to."""
        self.done, self._total = done, total
        self._say(self.words())

    def watch(self, what: str, done: int) -> None:
        """Say what goes before, if it is time to."""
        self._say(f"{done:,} {what}")

    def words(self) -> str:
        """How far it is."""
        return f"{self.done:,} of {self._total:,} letters {self._what}"

    def _say(self, words: str) -> None:
        if self._monotonic() - self._said_at >= EVERY_S:
            self._said_at = self._monotonic()
            click.echo(words, err=True)
