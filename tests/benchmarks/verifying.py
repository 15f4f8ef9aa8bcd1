"""What a run really did: each record once, none left out, each key in log order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

OFFSET_BITS = 40


def place(partition: int, offset: int) -> int:
    """A record's place as one number."""
    return partition << OFFSET_BITS | offset


@dataclass(frozen=True, slots=True)
class Verified:
    """Faults of a run.

    Attributes:
        repeated: Completions beyond the first of a record.
        skipped: Records that a later one of their key overtook and that were never completed.
        disordered: First completions that came after a later record of their key.
    """

    repeated: int
    skipped: int
    disordered: int

    @property
    def faultless(self) -> bool:
        return not (self.repeated or self.skipped or self.disordered)

    def __str__(self) -> str:
        if self.faultless:
            return "each once, in key order"
        named = {"repeated": self.repeated, "skipped": self.skipped, "out of key order": self.disordered}
        return ", ".join(f"{count} {what}" for what, count in named.items() if count)


def verify(completed: Iterable[int], keys: Sequence[Sequence[int]]) -> Verified:
    """Judge completions by what was published.

    A run that was cut short is judged by what it completed: of each key a beginning, in order.

    Args:
        completed: Places in order of completion.
        keys: Of each partition, the key of the record at each offset.
    """
    ranks = [_ranks(partition) for partition in keys]
    seen: set[int] = set()
    highest: dict[tuple[int, int], int] = {}
    counted: dict[tuple[int, int], int] = {}
    repeated = disordered = 0
    for record in completed:
        if record in seen:
            repeated += 1
            continue
        seen.add(record)
        partition, offset = record >> OFFSET_BITS, record & ((1 << OFFSET_BITS) - 1)
        lane, rank = (partition, keys[partition][offset]), ranks[partition][offset]
        counted[lane] = counted.get(lane, 0) + 1
        disordered += rank < highest.get(lane, -1)
        highest[lane] = max(rank, highest.get(lane, -1))
    skipped = sum(highest[lane] + 1 - counted[lane] for lane in counted)
    return Verified(repeated, skipped, disordered)


def _ranks(keys: Sequence[int]) -> list[int]:
    """How many records of its own key stand before each record."""
    before: dict[int, int] = {}
    ranks = []
    for key in keys:
        ranks.append(before.get(key, 0))
        before[key] = ranks[-1] + 1
    return ranks
