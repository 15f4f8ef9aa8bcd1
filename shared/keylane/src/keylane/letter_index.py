"""What operators did with dead letters: the topic that holds the letters cannot be changed, so it is kept beside it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime


class LetterState(StrEnum):
    """Where a letter stands."""

    OPEN = "open"
    """Nobody has dealt with it."""
    REPLAYED = "replayed"
    """Published again; if it dies again it is open again, with a higher replay count."""
    DISCARDED = "discarded"
    """Somebody decided that it needs nothing."""
    QUARANTINED = "quarantined"
    """It came back from its last allowed replay: only a forced one publishes it again."""


UNRESOLVED = frozenset({LetterState.OPEN, LetterState.QUARANTINED})
"""States of letters that somebody still has to look at."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What somebody did with one letter: the audit entry.

    Attributes:
        letter_id: `x-dlq-id`.
        group: Whose letter it is.
        state: replayed or discarded.
        replay_count: The latest replay of the letter before it; the mark says nothing about a later one.
        actor: Who.
        why: In the actor's words.
        run: Of the call that did it.
        at: Aware UTC.
    """

    letter_id: str
    group: str
    state: LetterState
    replay_count: int
    actor: str
    why: str
    run: str
    at: datetime

    @property
    def latest_replay(self) -> int:
        """The latest replay of the letter that this mark proves."""
        return self.replay_count + (self.state is LetterState.REPLAYED)


class LetterIndex(Protocol):
    """Port of the store of marks. Every method raises `StoreUnavailableError` while the store is away."""

    async def marks(self, letter_ids: Collection[str]) -> Mapping[str, Mark]:
        """The latest mark of each of these letters that has one."""
        ...

    async def history(self, letter_id: str) -> Sequence[Mark]:
        """The newest marks of one letter, the oldest first."""
        ...

    async def mark(self, *marks: Mark) -> None:
        """Keep marks of several letters, each unless one of a later replay of its letter stands."""
