"""What a replay or a discard does with each letter, and the record that a replay publishes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple

from keylane import letters
from keylane.dead_letter import DeadLetter, text_of
from keylane.errors import ConfigurationError
from keylane.letter_index import LetterState, Mark
from keylane.places import PREFIX, moment, replays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keylane.broker import RawHeaders, Record
    from keylane.inbox import Known

MAX_ACTOR_BYTES: Final = 128
"""Bound of `x-dlq-replayed-by`."""
MAX_ACTOR_CHARACTERS: Final = 128
MAX_WHY_CHARACTERS: Final = 512
"""Of one mark, which keeps what was said of earlier ones."""
DONE: Final = "done"


class Action(StrEnum):
    """What is done with a letter."""

    REPLAY = "replay"
    DISCARD = "discard"
    LEAVE = "leave"


@dataclass(frozen=True, slots=True)
class Step:
    """What is done with one letter.

    Attributes:
        letter: Which.
        action: What.
        why: Why it is left; empty when it is not.
        replay: Which replay of it this is, counted from 1; 0 when it is none.
    """

    letter: DeadLetter
    action: Action
    why: str = ""
    replay: int = 0


@dataclass(frozen=True, slots=True)
class Report:
    """What a replay or a discard did, or would do.

    Attributes:
        run: Names this call in marks, logs and headers.
        applied: False for a dry run, which changed nothing.
        steps: In the order in which they were taken.
        elsewhere: Letters that would be meant but for their state, by that state, when no state was asked for.
    """

    run: str
    applied: bool
    steps: tuple[Step, ...]
    elsewhere: Mapping[LetterState, int] = field(default_factory=dict)

    @property
    def acted(self) -> tuple[Step, ...]:
        """The steps that are more than leaving a letter alone."""
        return tuple(step for step in self.steps if step.action is not Action.LEAVE)

    @property
    def left(self) -> tuple[Step, ...]:
        """The steps that leave a letter alone."""
        return tuple(step for step in self.steps if step.action is Action.LEAVE)


def replay_step(letter: DeadLetter, known: Known | None, *, force: bool) -> Step:
    """What a replay does with a letter, given what the idempotency store remembers of its message."""
    reused = letter.reason == letters.KEY_REUSE
    if known is not None and known.state == DONE and not reused:
        return Step(letter, Action.LEAVE, f"its message is done, a replay changes nothing{_before(letter)}")
    if letter.state in (LetterState.REPLAYED, LetterState.DISCARDED) and not force:
        now = "" if known is None or reused else f", its message is {known.state} now"
        return Step(letter, Action.LEAVE, f"{_dealt_with(letter)}{now}")
    if letter.state is LetterState.QUARANTINED and not force:
        why = f"quarantined: it came back from {letter.replay_count} replays; find the cause, then force it"
        return Step(letter, Action.LEAVE, why)
    if reused and not force:
        why = "its message id belongs to another event: publish it again under an id of its own, and discard the letter"
        return Step(letter, Action.LEAVE, why)
    of_message = 0 if known is None or reused else known.replays
    return Step(letter, Action.REPLAY, replay=1 + max(letter.latest_replay, letter.replay_count, of_message))


def gone_step(step: Step) -> Step:
    """What became of a replay whose letter was gone when its turn came."""
    return Step(step.letter, Action.LEAVE, "it is gone from its topic since it was read")


def discard_step(letter: DeadLetter) -> Step:
    """What a discard does with a letter."""
    if letter.state in (LetterState.REPLAYED, LetterState.DISCARDED):
        return Step(letter, Action.LEAVE, _dealt_with(letter))
    return Step(letter, Action.DISCARD)


def headers_of_replay(letter: DeadLetter, mark: Mark) -> RawHeaders:
    """The original headers, untouched and in order, then the letter's set with one replay more, and who wants it."""
    added = {
        "id": letter.id,
        "topic": letter.topic,
        "partition": str(letter.partition),
        "offset": str(letter.offset),
        "timestamp": str(letter.timestamp),
        "group": mark.group,
        "reason": letter.reason,
        "error-type": letter.error_type,
        "error-msg": letters.clipped(letter.error_message),
        "error-fingerprint": letter.fingerprint,
        "attempts": str(letter.attempts),
        "first-failed-at": letters.stamp(letter.first_failed_at),
        "last-failed-at": letters.stamp(letter.last_failed_at),
        "traceparent": letter.traceparent,
        "replay-count": str(mark.latest_replay),
        "replay-id": mark.run,
        "replayed-at": letters.stamp(mark.at),
        "replayed-by": letters.clipped(mark.actor, MAX_ACTOR_BYTES),
        "replay-why": letters.clipped(mark.why),
    }
    return letter.headers + tuple((PREFIX + name, value.encode(errors="replace")) for name, value in added.items())


def mark_of_replay(record: Record) -> Mark:
    """The mark of the replay that published a record: the replay topic is the record of what was published.

    Raises:
        KeyError: It is no replay: a header is missing.
        ValueError: It is no replay: a header says nothing that can be used.
        OverflowError: It is no replay: a moment lies outside of time.
    """
    facts = text_of(tuple(record.headers))
    return Mark(
        letter_id=facts[f"{PREFIX}id"],
        group=facts[f"{PREFIX}group"],
        state=LetterState.REPLAYED,
        replay_count=replays(facts[f"{PREFIX}replay-count"]) - 1,
        actor=facts[f"{PREFIX}replayed-by"],
        why=facts[f"{PREFIX}replay-why"],
        run=facts[f"{PREFIX}replay-id"],
        at=moment(facts[f"{PREFIX}replayed-at"]),
    )


def _dealt_with(letter: DeadLetter) -> str:
    if letter.mark is None:
        return str(letter.state)
    return f"{letter.state} by {letter.mark.actor} at {letter.mark.at:%Y-%m-%d %H:%M:%S}Z"


def _before(letter: DeadLetter) -> str:
    return "" if letter.mark is None else f" ({_dealt_with(letter)})"


class Note(NamedTuple):
    """What the marks of one call have in common."""

    state: LetterState
    actor: str
    why: str
    run: str


def note_of(state: LetterState, actor: str, why: str, *, apply: bool) -> Note:
    """Make sure that who does it, and why, can be kept.

    Raises:
        ConfigurationError: There is no actor, or its words cannot be kept.
    """
    if apply and not actor:
        raise ConfigurationError("say who does this: an actor is needed")
    _check_words("the actor", actor, MAX_ACTOR_CHARACTERS)
    _check_words("the reason", why, MAX_WHY_CHARACTERS)
    return Note(state, actor, why, uuid.uuid4().hex[:12])


def _check_words(what: str, words: str, most: int) -> None:
    if len(words) > most:
        raise ConfigurationError(f"{what} has {len(words):,} characters: give at most {most}")
    if not words.isprintable():
        raise ConfigurationError(f"{what} is no text in one line: {words!r}")
