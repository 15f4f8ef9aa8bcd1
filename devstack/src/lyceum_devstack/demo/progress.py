"""How far the run is: a bar where there is a terminal, a line now and then where there is none."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from lyceum_devstack.demo.witness import Counts

_LINE_EVERY_S = 5.0


class Display:
    """Shows counts; `show` may be called as often as one likes."""

    def show(self, counts: Counts) -> None:
        """Show where things stand."""
        raise NotImplementedError


class _Lines(Display):
    def __init__(self, console: Console, total: int) -> None:
        self._console, self._total = console, total
        self._next_at = time.monotonic() + _LINE_EVERY_S

    def show(self, counts: Counts) -> None:
        if time.monotonic() >= self._next_at:
            self._next_at = time.monotonic() + _LINE_EVERY_S
            self._console.print(f"  {counts.completed} of {self._total} records completed, {_details(counts)}")


class _Bar(Display):
    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("records completed", total=total, details="")

    def show(self, counts: Counts) -> None:
        self._progress.update(self._task, completed=counts.completed, details=_details(counts))


def _details(counts: Counts) -> str:
    return f"{counts.allocated} allocated, {counts.waiting} waiting, {counts.dead} dead letters"


@contextmanager
def display(console: Console, total: int) -> Iterator[Display]:
    """Show progress until the block ends."""
    if not console.is_terminal:
        yield _Lines(console, total)
        return
    columns = (
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        BarColumn(20),
        TimeElapsedColumn(),
        TextColumn("{task.fields[details]}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        yield _Bar(progress, total)
