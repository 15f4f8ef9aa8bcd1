"""Figures beside their bars, and the small statistics that decide whether a bar holds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

"""The first third of a soak is not judged: caches fill, and the allocator takes what it will keep."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: a figure, and the bar that it has to hold if there is one."""

    what: str
    figure: str
    bar: str = ""
    within: bool | None = None

    @property
    def verdict(self) -> str:
        return {None: "", True: "within", False: "OVER"}[self.within]

    def __str__(self) -> str:
        return f"{self.what:<58} {self.figure:>44}   {self.bar:<18} {self.verdict}".rstrip()


def table(heading: str, rows: Iterable[Row]) -> str:
    return "\n".join([heading, *map(str, rows), ""])


def hold(rows: Iterable[Row]) -> bool:
    """Whether no bar is broken; a row without a bar breaks none."""
    return all(row.within is not False for row in rows)


def at_least(what: str, figure: str, value: float, bar: float, unit: str = "") -> Row:
    return Row(what, figure, f">= {bar:g}{unit}", value >= bar)


def at_most(what: str, figure: str, value: float, bar: float, unit: str = "") -> Row:
    """A value that is no number (nothing was measured) holds no bar."""
    return Row(what, figure, f"<= {bar:g}{unit}", value <= bar)


def percentile(values: Sequence[float], percent: float) -> float:
    """Nearest rank: a value that was really measured, and not below `percent` of all.

    Raises:
        ValueError: There are no values.
    """
    if not values:
        raise ValueError("a percentile of nothing")
    return sorted(values)[max(0, math.ceil(len(values) * percent / 100) - 1)]


def growth(samples: Sequence[float]) -> float:
    """How much higher the last third lies than the second: by its peak or by its trough, whichever grew more.

    Memory goes in a sawtooth, as tables are made anew when they are full: a line through it says where in a tooth the
    run ended. What leaks lifts troughs and peaks alike. The first third is for filling caches.

    Raises:
        ValueError: Fewer than three samples.
    """
    third = len(samples) // 3
    if not third:
        raise ValueError(f"{len(samples)} samples have no thirds")
    before, after = samples[third : 2 * third], samples[2 * third :]
    return max(max(after) - max(before), min(after) - min(before))
