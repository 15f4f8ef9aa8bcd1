"""Publishing letters again, on the replay topics of their group."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from keylane.errors import BrokerUnavailableError, ConfigurationError
from keylane.places import replay_topic, source_topic
from keylane.replaying import headers_of_replay

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterable, Callable, Iterable

    from keylane.broker import Broker
    from keylane.dead_letter import DeadLetter
    from keylane.letter_index import Mark
    from keylane.pacing import Pace

SEND_WAIT_S: Final = 10.0
"""How long the acknowledgement of one replay is waited for, in seconds."""
UNDER_WAY_S: Final = 0.05
"""About how long an acknowledgement takes, in seconds: what a rate has under way meanwhile may overlap."""
MOST_UNDER_WAY: Final = 200
"""Replays under way at once when there is no limit."""
CLOSE_S: Final = 2.0
"""How long the client is given to disconnect, in seconds."""


class Republisher:
    """A connection that replays letters of one group; a context manager."""

    def __init__(self, broker: Broker, group: str) -> None:
        self._broker = broker
        self._group = group
        self._publisher = broker.publisher(compress=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._publisher.close(timeout_s=CLOSE_S)

    async def check_topics(self, letters: Iterable[DeadLetter]) -> None:
        """Make sure that there is a topic for each of these; a send to a missing one would be waited for in vain.

        Raises:
            ConfigurationError: One does not exist.
            BrokerUnavailableError: The broker is away.
        """
        needed = {self._topic_of(letter) for letter in letters}
        if missing := sorted(needed - set(await self._broker.partitions(needed))):
            raise ConfigurationError(f"topic {', '.join(missing)} does not exist: create it, and start its worker")

    async def publish(
        self, letters: AsyncIterable[DeadLetter], mark_of: Callable[[DeadLetter], Mark], pace: Pace
    ) -> AsyncGenerator[list[Mark], None]:
        """Publish letters in this order with their bytes as they are, and yield the marks of what is acknowledged.

        Letters of one key keep their order, also when one of them is refused: nothing is handed over after a failure,
        and of what was handed over before it the broker takes none of the same partition.

        Raises:
            BrokerUnavailableError: One was not acknowledged: which were written, the replay topic knows.
        """
        room, under_way = window(pace.per_second), deque[_Sent]()
        async for letter in letters:
            if len(under_way) == room:
                await _settled(under_way[0])
            if settled := _settled_first(under_way):
                yield settled
            await pace.turn()
            _refuse_after_failure(under_way)
            under_way.append(await self._hand_over(letter, mark_of(letter)))
        while under_way:
            await _settled(under_way[0])
            yield _settled_first(under_way)

    async def _hand_over(self, letter: DeadLetter, mark: Mark) -> _Sent:
        headers = headers_of_replay(letter, mark)
        sent = await self._publisher.send(self._topic_of(letter), key=letter.key, value=letter.value, headers=headers)
        return _Sent(mark, sent)

    def _topic_of(self, letter: DeadLetter) -> str:
        return replay_topic(source_topic(letter.topic, self._group), self._group)


class _Sent(NamedTuple):
    """A replay that is on its way."""

    mark: Mark
    acknowledged: asyncio.Future[None]


def window(per_second: float | None) -> int:
    """How many replays may be under way at once: at a low rate few, so that a cut leaves few without their mark."""
    return MOST_UNDER_WAY if per_second is None else min(max(round(per_second * UNDER_WAY_S), 1), MOST_UNDER_WAY)


async def _settled(one: _Sent) -> None:
    await asyncio.wait([one.acknowledged], timeout=SEND_WAIT_S)
    if not one.acknowledged.done():
        raise BrokerUnavailableError(f"no acknowledgement of letter {one.mark.letter_id} within {SEND_WAIT_S:g} s")


def _settled_first(under_way: deque[_Sent]) -> list[Mark]:
    """Take what is acknowledged from the front, and raise what the first failure was."""
    found: list[Mark] = []
    while under_way and under_way[0].acknowledged.done() and under_way[0].acknowledged.exception() is None:
        found.append(under_way.popleft().mark)
    if not found:
        _refuse_after_failure(under_way)
    return found


def _refuse_after_failure(under_way: Iterable[_Sent]) -> None:
    for one in under_way:
        if one.acknowledged.done():
            one.acknowledged.result()
