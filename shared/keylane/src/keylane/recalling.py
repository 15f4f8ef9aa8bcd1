"""What the idempotency store remembers of the messages of dead letters."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from keylane.letter_index import LetterState
from keylane.telling import unwatched

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable, Sequence

    from keylane.dead_letter import DeadLetter
    from keylane.inbox import Inbox, Known
    from keylane.telling import Watch

T = TypeVar("T")

ASKED_AT_ONCE: Final = 200
"""Messages that the idempotency store is asked about together."""


class Recall:
    """Asks the idempotency store of one group; without a store nothing is known."""

    def __init__(self, inbox: Inbox | None, group: str) -> None:
        self._inbox = inbox
        self._group = group

    async def of(self, letter: DeadLetter) -> Known | None:
        """What it remembers of one letter's message.

        Raises:
            StoreUnavailableError: The store is away.
        """
        if self._inbox is None or letter.message_id is None:
            return None
        return await self._inbox.look(f"{self._group}:{letter.message_id}")

    async def of_some(self, letters: Sequence[DeadLetter]) -> list[Known | None]:
        """As `of`, of at most `ASKED_AT_ONCE` letters together."""
        return await all_of(self.of(letter) for letter in letters)

    async def replayed(self, letters: Sequence[DeadLetter], watch: Watch = unwatched) -> tuple[DeadLetter, ...]:
        """The letters; those that were replayed with the present state of their message."""
        found: list[DeadLetter] = []
        for start in range(0, len(letters), ASKED_AT_ONCE):
            found += await all_of(self._with_state(letter) for letter in letters[start : start + ASKED_AT_ONCE])
            watch("letters looked up", len(found))
        return tuple(found)

    async def _with_state(self, letter: DeadLetter) -> DeadLetter:
        if letter.state is not LetterState.REPLAYED:
            return letter
        known = await self.of(letter)
        return letter if known is None else replace(letter, message_state=known.state)


async def all_of(work: Iterable[Awaitable[T]]) -> list[T]:
    """All results; an error only once everything has ended, so that nothing goes on behind it."""
    tasks = [asyncio.ensure_future(one) for one in work]
    await asyncio.gather(*tasks, return_exceptions=True)
    return [task.result() for task in tasks]
