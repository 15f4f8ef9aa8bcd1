"""Which dead letters are meant."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keylane.errors import SelectionError, UnknownLetterError
from keylane.letter_index import UNRESOLVED, LetterState

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from datetime import datetime

    from keylane.dead_letter import DeadLetter


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Letters that meet all of what is given; without anything, every letter that is not dealt with.

    Attributes:
        ids: Letters by `x-dlq-id`, or by as many of its first digits as are unique; in any state unless one is given.
        reason: exhausted, fatal, crash_loop, undecodable, unknown_type or key_reuse.
        error_type: Qualified class name, or its last part.
        fingerprint: Of the error.
        topic: The source topic.
        key: Of the record.
        message_id: Of the event.
        since: Died then or later; aware.
        until: Died before then; aware.
        replay_count: Replayed exactly so often before it died.
        states: Where it stands; None for the letters not dealt with.
    """

    ids: Collection[str] = ()
    reason: str | None = None
    error_type: str | None = None
    fingerprint: str | None = None
    topic: str | None = None
    key: bytes | None = None
    message_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    replay_count: int | None = None
    states: Collection[LetterState] | None = None

    def matches(self, letter: DeadLetter) -> bool:
        """Whether this letter is meant."""
        return self._is_named(letter) and self._is_in_state(letter) and self._is_alike(letter) and self._is_of(letter)

    def _is_named(self, letter: DeadLetter) -> bool:
        return not self.ids or any(letter.id.startswith(one) for one in self.ids)

    def _is_in_state(self, letter: DeadLetter) -> bool:
        if self.states is None:
            return bool(self.ids) or letter.state in UNRESOLVED
        return letter.state in self.states

    def _is_alike(self, letter: DeadLetter) -> bool:
        wanted = (
            (self.reason, letter.reason),
            (self.fingerprint, letter.fingerprint),
            (self.topic, letter.topic),
            (self.key, letter.key),
            (self.message_id, letter.message_id),
            (self.replay_count, letter.replay_count),
        )
        return all(value is None or value == found for value, found in wanted) and (
            self.error_type is None or f".{letter.error_type}".endswith(f".{self.error_type}")
        )

    def _is_of(self, letter: DeadLetter) -> bool:
        """Whether it died in the given time."""
        died = letter.last_failed_at
        return (self.since is None or self.since <= died) and (self.until is None or died < self.until)


EVERYTHING_OPEN = Selection()
"""Every letter that is not dealt with."""


def elsewhere(selection: Selection, found: Sequence[DeadLetter]) -> Mapping[LetterState, int]:
    """How many letters would be meant but for their state, when no state was asked for."""
    if selection.states is not None or selection.ids:
        return {}
    dealt_with = replace(selection, states=[state for state in LetterState if state not in UNRESOLVED])
    return Counter(letter.state for letter in found if dealt_with.matches(letter))


def selected(selection: Selection, found: Sequence[DeadLetter]) -> list[DeadLetter]:
    """The letters that are meant.

    Raises:
        SelectionError: A letter that is named does not exist, or the name fits several or is empty.
    """
    for one in selection.ids:
        if not one:
            raise SelectionError("an empty id names no dead letter: give the first digits of one")
        fitting = [letter for letter in found if letter.id.startswith(one)]
        if not fitting:
            raise UnknownLetterError(f"no dead letter has the id {one}")
        if len(fitting) > 1:
            raise SelectionError(f"{len(fitting)} dead letters have ids that begin with {one!r}: give more of it")
    return [letter for letter in found if selection.matches(letter)]
