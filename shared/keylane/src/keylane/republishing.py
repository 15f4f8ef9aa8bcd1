"""Publishing letters again, on the replay topics of their group."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final, Self

from keylane.errors import BrokerUnavailableError, ConfigurationError
from keylane.places import replay_topic, source_topic
from keylane.replaying import headers_of_replay

if TYPE_CHECKING:
    from collections.abc import Iterable

    from keylane.broker import Broker
    from keylane.dead_letter import DeadLetter
    from keylane.letter_index import Mark

SEND_WAIT_S: Final = 10.0
"""How long the acknowledgement of one replay is waited for, in seconds."""
CLOSE_S: Final = 2.0
"""How long the client is given to disconnect, in seconds."""


class Republisher:
    """A connection that replays letters of one group, one after the other; a context manager."""

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

    async def publish(self, letter: DeadLetter, mark: Mark) -> None:
        """Publish a letter with its bytes as they are; returns once it is acknowledged.

        Raises:
            BrokerUnavailableError: It was not acknowledged: whether it was written, the replay topic knows.
        """
        headers = headers_of_replay(letter, mark)
        sent = await self._publisher.send(self._topic_of(letter), key=letter.key, value=letter.value, headers=headers)
        await asyncio.wait([sent], timeout=SEND_WAIT_S)
        if not sent.done():
            raise BrokerUnavailableError(f"no acknowledgement of letter {letter.id} within {SEND_WAIT_S:g} s")
        sent.result()

    def _topic_of(self, letter: DeadLetter) -> str:
        return replay_topic(source_topic(letter.topic, self._group), self._group)
