"""How far the run is: one line that moves where there is a terminal, a line now and then where there is none."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, TextColumn

_LINE_EVERY_S = 5.0
_WIDE_ENOUGH_FOR_A_BAR = 90


@dataclass(frozen=True, slots=True)
class Counts:
    """What has become of the records so far."""

    handled: int
    allocated: int
    waiting: int
    retries: int
    dead: int

    def line(self, total: int) -> str:
        """Say it in one line, the most important first: a narrow terminal cuts the end."""
        return (
            f"{self.handled}/{total} done, {self.allocated} allocated, {self.waiting} waiting, "
            f"{self.retries} retries, {self.dead} dead letters"
        )


class Display(ABC):
    """Shows counts; `show` may be called as often as one likes."""

    @abstractmethod
    def show(self, counts: Counts) -> None:
        """Show where things stand."""


class _Lines(Display):
    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total = console, total
        self._next_at = time.monotonic() + _LINE_EVERY_S

    def show(self, counts: Counts) -> None:
        if time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + _LINE_EVERY_S
            self._console.print(f"  {counts.line(self._total)}")


class _Live(Display):
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress, self._total = progress, total
        self._task = progress.add_task("", total=total)

    def show(self, counts: Counts) -> None:
        self._progress.update(self._task, completed=counts.handled, description=counts.line(self._total))


@contextmanager
def display(console: Console, total: int) -> Iterator[Display]:
    """Show progress until the block ends."""
    if not console.is_terminal:
        yield _Lines(console, total)
        return
    bar: list[ProgressColumn] = [BarColumn(20)] if console.width >= _WIDE_ENOUGH_FOR_A_BAR else []
    columns = (SpinnerColumn("line"), *bar, TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Live(progress, total)
