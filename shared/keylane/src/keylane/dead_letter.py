"""A dead letter as it is read back from its topic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple

from keylane.cloudevents import decode
from keylane.errors import UndecodableError
from keylane.letter_index import LetterState
from keylane.places import LETTER_ID, PREFIX, milliseconds, moment, replays, whole

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from keylane.broker import RawHeaders, Record
    from keylane.letter_index import Mark


UNREADABLE: Final = (KeyError, ValueError, OverflowError)
"""What reading a record raises that is no letter, or no replay."""


class Rest(NamedTuple):
    """Where a letter itself lies."""

    topic: str
    partition: int
    offset: int


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead message: where it came from, why it is dead, its original bytes, and what was done about it.

    Attributes:
        id: `x-dlq-id`; a letter that was produced twice, or came back from a replay, has the same.
        message_id: The event's id; None when it could not be read.
        topic: Where the original was read.
        partition: Where the original was read.
        offset: Where the original was read.
        timestamp: Of the original, in milliseconds since 1970, UTC.
        key: Original bytes.
        value: Original bytes; None also while they were left in the topic, as by `DeadLetters.list`.
        headers: Original headers, in order.
        reason: exhausted, fatal, crash_loop, undecodable, unknown_type or key_reuse.
        error_type: Qualified class name of the last error.
        error_message: At most 512 bytes.
        fingerprint: Equal for errors of one cause.
        attempts: Failed runs since it was published or last replayed.
        first_failed_at: Aware UTC.
        last_failed_at: Aware UTC.
        rest: Where the letter lies.
        host: Where it failed last.
        app_version: What failed last.
        traceparent: W3C trace context of the last run; empty when it was not traced.
        replay_count: Which replay of it died this time; 0 for the record itself.
        latest_replay: The latest replay of it that is known, whether it died yet or not; 0 for none.
        state: Where it stands.
        mark: Who replayed or discarded it; None while nobody did.
        stack: The last error's stack trace; empty unless asked for by `DeadLetters.show`, and kept somewhere.
        message_state: Of its message by now, as the idempotency store remembers it: pending, in_progress, done,
            dead_pending or dead; empty unless asked for by `DeadLetters.recalled` or `show`, and known.
        value_bytes: Length of the value; None for a record that has none.
        history: What was done to it, the oldest first; empty unless asked for by `DeadLetters.show`.
    """

    id: str
    message_id: str | None
    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: RawHeaders
    reason: str
    error_type: str
    error_message: str
    fingerprint: str
    attempts: int
    first_failed_at: datetime
    last_failed_at: datetime
    rest: Rest
    host: str = ""
    app_version: str = ""
    traceparent: str = ""
    replay_count: int = 0
    latest_replay: int = 0
    state: LetterState = LetterState.OPEN
    mark: Mark | None = None
    stack: str = ""
    message_state: str = ""
    history: tuple[Mark, ...] = ()
    value_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """What letters of one cause have in common."""

    reason: str
    error_type: str
    fingerprint: str


def read_letter(record: Record) -> DeadLetter:
    """Read a record of a dead-letter topic.

    Raises:
        KeyError: It is no letter: a header is missing.
        ValueError: It is no letter: a header says nothing that can be used.
        OverflowError: It is no letter: a moment lies outside of time.
    """
    headers = text_of(record.headers)
    facts = {name.removeprefix(PREFIX): value for name, value in headers.items() if name.startswith(PREFIX)}
    if not LETTER_ID.fullmatch(facts["id"]):
        raise ValueError("its id is none")
    return DeadLetter(
        id=facts["id"],
        message_id=headers.get("ce_id") or _id_within(record),
        topic=facts["topic"],
        partition=whole(facts["partition"]),
        offset=whole(facts["offset"]),
        timestamp=milliseconds(facts["timestamp"]),
        key=record.key,
        value=record.value,
        headers=tuple(pair for pair in record.headers if not pair[0].startswith(PREFIX)),
        reason=facts["reason"],
        error_type=facts["error-type"],
        error_message=facts["error-msg"],
        fingerprint=facts["error-fingerprint"],
        attempts=whole(facts["attempts"]),
        first_failed_at=moment(facts["first-failed-at"]),
        last_failed_at=moment(facts["last-failed-at"]),
        host=facts.get("host", ""),
        app_version=facts.get("app-version", ""),
        traceparent=facts.get("traceparent", ""),
        replay_count=replays(facts["replay-count"]),
        value_bytes=None if record.value is None else len(record.value),
        rest=Rest(record.topic, record.partition, record.offset),
    )


def text_of(headers: Sequence[tuple[str, bytes | None]]) -> dict[str, str]:
    """Headers as text, whatever they hold; of two of one name the last one counts."""
    return {name: (value or b"").decode(errors="replace") for name, value in headers}


def _id_within(record: Record) -> str | None:
    """The id of an event in structured mode."""
    try:
        return decode(record).id
    except (UndecodableError, ValueError):
        return None
