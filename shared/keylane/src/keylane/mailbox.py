"""Producing dead letters: one send per letter, waited for as long as it takes."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from keylane import letters, lines
from keylane.errors import BrokerUnavailableError
from keylane.places import letters_of

if TYPE_CHECKING:
    from keylane.broker import Publisher, Record
    from keylane.inbox import Burial
    from keylane.lane import Head

SEND_WAIT_S: Final = 10.0
"""How long one wait for a letter's acknowledgement lasts, in seconds; the same send is then waited for again."""


class Mailbox:
    """Writes the dead letters of a group."""

    def __init__(self, publisher: Publisher, group: str, app_version: str) -> None:
        self._publisher = publisher
        self._group = group
        self._app_version = app_version

    async def send(self, record: Record, burial: Burial, head: Head) -> None:
        """Write the letter; returns once it is acknowledged.

        Raises:
            BrokerUnavailableError: Not acknowledged (yet): call again.
        """
        if head.sent is None:
            replays = head.claim.replays if head.claim is not None else 0
            headers = letters.headers_of_letter(
                self._group, record, burial, app_version=self._app_version, replays=replays
            )
            topic = letters_of(record.topic, self._group)
            head.sent = await self._publisher.send(topic, key=record.key, value=record.value, headers=headers)
        await asyncio.wait([head.sent], timeout=SEND_WAIT_S)
        if not head.sent.done():
            raise BrokerUnavailableError(f"no acknowledgement within {SEND_WAIT_S:g} s")
        sent, head.sent = head.sent, None
        sent.result()
        lines.dead_lettered(record, head.event, burial)
