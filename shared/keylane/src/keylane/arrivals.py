"""When the records of a partition were fetched: one mark per batch, not per record."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Arrivals:
    """Fetch times of what is unfinished.

    Its size is bounded by what is unfinished: marks that only finished records need are dropped.
    """

    __slots__ = ("_moments", "_offsets")

    def __init__(self) -> None:
        self._offsets: list[int] = []
        self._moments: list[float] = []

    def __len__(self) -> int:
        return len(self._offsets)

    def came(self, first_offset: int, moment: float, *, oldest: int | None) -> None:
        """Records from `first_offset` on came at this moment; nothing before `oldest` is unfinished."""
        passed = len(self._offsets) if oldest is None else bisect_right(self._offsets, oldest) - 1
        if passed > 0:
            del self._offsets[:passed], self._moments[:passed]
        self._offsets.append(first_offset)
        self._moments.append(moment)

    def keep(self, unfinished: Iterable[int], following: int) -> None:
        """Drop every mark that none of these offsets needs, nor any from `following` on.

        Behind a stuck record that is nearly all of them.
        """
        places = {bisect_right(self._offsets, offset) - 1 for offset in unfinished}
        last = bisect_right(self._offsets, following) - 1
        needed = sorted(place for place in {*places, *range(last, len(self._offsets))} if place >= 0)
        self._offsets = [self._offsets[place] for place in needed]
        self._moments = [self._moments[place] for place in needed]

    def moment_of(self, offset: int) -> float | None:
        """When the record at this offset came; None when nothing is known of it."""
        if not self._offsets:
            return None
        if offset >= self._offsets[-1]:
            return self._moments[-1]
        place = bisect_right(self._offsets, offset)
        return self._moments[place - 1] if place else None
