"""Values of dead letters, read again from where the letters rest: few at a time, however many there are."""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from keylane.dead_letter import UNREADABLE, read_letter

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence

    from keylane.broker import Broker, Record
    from keylane.dead_letter import DeadLetter

MOST_LETTERS: Final = 200
"""Read at once."""
MOST_BYTES: Final = 16 * 1024 * 1024
"""Read at once, counting values; a single letter may be larger."""


async def whole(broker: Broker, letters: Sequence[DeadLetter]) -> AsyncGenerator[DeadLetter, None]:
    """The letters with their values, in their order; one that is gone from its topic is left out.

    Raises:
        BrokerUnavailableError: The broker is away.
        ConfigurationError: A topic is gone.
    """
    batches = list(_batches(letters))
    async with AsyncExitStack() as stack:
        sources: dict[str, AsyncIterator[Sequence[Record]]] = {}
        for topic in {letter.rest.topic for letter in letters}:
            wanted = (wanted for batch in batches if (wanted := _places(batch, topic)))
            sources[topic] = await stack.enter_async_context(aclosing(broker.pick(topic, wanted)))
        for batch in batches:
            found: dict[tuple[str, int, int], Record] = {}
            for topic in {letter.rest.topic for letter in batch}:
                records = await anext(sources[topic])
                found.update(((topic, record.partition, record.offset), record) for record in records)
            for letter in batch:
                if (record := found.pop(letter.rest, None)) is not None and _is_of(record, letter):
                    yield replace(letter, value=record.value)


def _batches(letters: Sequence[DeadLetter]) -> Iterator[list[DeadLetter]]:
    batch: list[DeadLetter] = []
    size = 0
    for letter in letters:
        if batch and (len(batch) == MOST_LETTERS or size + (letter.value_bytes or 0) > MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(letter)
        size += letter.value_bytes or 0
    if batch:
        yield batch


def _places(batch: Sequence[DeadLetter], topic: str) -> dict[int, list[int]]:
    places: dict[int, list[int]] = {}
    for rest in (letter.rest for letter in batch):
        if rest.topic == topic:
            places.setdefault(rest.partition, []).append(rest.offset)
    return places


def _is_of(record: Record, letter: DeadLetter) -> bool:
    """Not after the topic was made anew, with other letters at the same places."""
    try:
        return read_letter(record).id == letter.id
    except UNREADABLE:
        return False
