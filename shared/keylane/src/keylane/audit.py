"""The audit trail of dead letters: who did what to which letter, when and why."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from keylane.letter_index import Mark

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from keylane.letter_index import LetterIndex
    from keylane.replaying import Note, Step

log = logging.getLogger("keylane")


class Audit:
    """Keeps marks of one group.

    Args:
        index: Where they are kept beside the log; None for nowhere.
        group: Whose letters.
        clock: Aware UTC.
    """

    def __init__(self, index: LetterIndex | None, group: str, clock: Callable[[], datetime]) -> None:
        self._index = index
        self._group = group
        self._clock = clock

    def mark(self, step: Step, note: Note) -> Mark:
        """What is said of one letter of a call."""
        return Mark(
            letter_id=step.letter.id,
            group=self._group,
            state=note.state,
            replay_count=step.replay - 1 if step.replay else step.letter.replay_count,
            actor=note.actor,
            why=note.why,
            run=note.run,
            at=self._clock(),
        )

    async def keep(self, *marks: Mark) -> None:
        """Keep entries: log lines in any case, and marks where there is an index.

        Raises:
            UnavailableError: The index is away.
        """
        for mark in marks:
            words = "letter %s %s by %s: %s"
            extra = {
                "action": f"letter_{mark.state}",
                "letter_id": mark.letter_id,
                "actor": mark.actor,
                "run": mark.run,
            }
            log.info(words, mark.letter_id, mark.state, mark.actor, mark.why or "no reason given", extra=extra)
        if self._index is not None:
            await self._index.mark(*marks)


def in_order(*several: tuple[Mark, ...]) -> tuple[Mark, ...]:
    """Entries from several places, each once, the oldest first."""
    once = {(mark.run, mark.state, mark.replay_count): mark for marks in several for mark in marks}
    return tuple(sorted(once.values(), key=lambda mark: mark.at))
