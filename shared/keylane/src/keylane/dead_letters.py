"""Reading dead letters: the library behind an operator's commands."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from keylane.errors import ConfigurationError
from keylane.kafka import KafkaBroker
from keylane.places import PREFIX, dead_letter_topic

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from keylane.broker import Broker, RawHeaders, Record
    from keylane.settings import KafkaSettings


log = logging.getLogger("keylane")


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One dead message: where it came from, why it is dead, and its original bytes.

    Attributes:
        id: `x-dlq-id`; a letter that was produced twice has it once.
        message_id: The event's id; None when it could not be read.
        topic: Where the original was read.
        partition: Where the original was read.
        offset: Where the original was read.
        key: Original bytes.
        value: Original bytes.
        headers: Original headers, in order.
        reason: exhausted, fatal, crash_loop, undecodable or unknown_type.
        error_type: Qualified class name of the last error.
        error_message: At most 512 bytes.
        fingerprint: Equal for errors of one cause.
        attempts: Failed runs.
        first_failed_at: Aware UTC.
        last_failed_at: Aware UTC.
    """

    id: str
    message_id: str | None
    topic: str
    partition: int
    offset: int
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


@dataclass(frozen=True, slots=True)
class Cause:
    """What letters of one cause have in common."""

    reason: str
    error_type: str
    fingerprint: str


class DeadLetters:
    """The dead letters of one group, read from the broker at every call.

    Args:
        group: Whose.
        topics: The source topics (not their dead-letter topics).
        settings: How to reach Kafka.
        broker: Instead of Kafka, for tests.

    Raises:
        ConfigurationError: Neither settings nor a broker were given.
    """

    def __init__(
        self, group: str, topics: Sequence[str], *, settings: KafkaSettings | None = None, broker: Broker | None = None
    ) -> None:
        if broker is None:
            if settings is None:
                raise ConfigurationError("DeadLetters needs KafkaSettings")
            broker = KafkaBroker(settings)
        self._broker = broker
        self._topics = tuple(dead_letter_topic(topic, group) for topic in topics)

    async def list(self, *, reason: str | None = None) -> tuple[DeadLetter, ...]:
        """Every letter, oldest failure first, each once. A record that is no letter is logged and left out.

        Raises:
            BrokerUnavailableError: The broker is away.
        """
        found = {letter.id: letter async for letter in self._all() if reason is None or letter.reason == reason}
        return tuple(sorted(found.values(), key=lambda letter: (letter.last_failed_at, letter.id)))

    async def show(self, letter_id: str) -> DeadLetter | None:
        """One letter by its id, or None.

        Raises:
            BrokerUnavailableError: The broker is away.
        """
        return next((letter for letter in await self.list() if letter.id == letter_id), None)

    async def histogram(self) -> dict[Cause, int]:
        """How many letters each cause has, the most frequent first.

        Raises:
            BrokerUnavailableError: The broker is away.
        """
        causes = (Cause(letter.reason, letter.error_type, letter.fingerprint) for letter in await self.list())
        return dict(Counter(causes).most_common())

    async def _all(self) -> AsyncIterator[DeadLetter]:
        for topic in self._topics:
            async for record in self._broker.scan(topic):
                try:
                    letter = _read(record)
                except (KeyError, ValueError, OverflowError) as exc:
                    place = f"{record.topic}-{record.partition}@{record.offset}"
                    log.warning("%s is no dead letter: %r", place, exc, extra={"action": "foreign_letter"})
                else:
                    yield letter


def _read(record: Record) -> DeadLetter:
    headers = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
    facts = {name.removeprefix(PREFIX): value for name, value in headers.items() if name.startswith(PREFIX)}
    return DeadLetter(
        id=facts["id"],
        message_id=headers.get("ce_id"),
        topic=facts["topic"],
        partition=int(facts["partition"]),
        offset=int(facts["offset"]),
        key=record.key,
        value=record.value,
        headers=tuple(pair for pair in record.headers if not pair[0].startswith(PREFIX)),
        reason=facts["reason"],
        error_type=facts["error-type"],
        error_message=facts["error-msg"],
        fingerprint=facts["error-fingerprint"],
        attempts=int(facts["attempts"]),
        first_failed_at=datetime.fromisoformat(facts["first-failed-at"]).astimezone(UTC),
        last_failed_at=datetime.fromisoformat(facts["last-failed-at"]).astimezone(UTC),
    )
