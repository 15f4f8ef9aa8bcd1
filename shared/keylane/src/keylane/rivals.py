"""Noticing a second process with the same `group_instance_id`: the two evict each other for ever.

A static member keeps its member id through every rebalance. It gets another one when its session ran out, or when a
process with the same instance id took its place; only the latter comes faster than sessions run out.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from keylane.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable

SESSIONS: Final = 3
"""Evictions count that came within so many session timeouts; two rivals evict each other once per heartbeat."""
NEWCOMER_BEARS: Final = 2
"""Evictions after which a member gives way whose first came within a session of its joining: it was not there before.
Of two that start at one moment both give way.
"""
RESIDENT_BEARS: Final = 7
"""Evictions after which a member gives way that has been there for longer; a newcomer costs it three or four before it
gives way itself.
"""


class Rivals:
    """The evictions of one static member.

    Args:
        instance_id: Its `group_instance_id`.
        session_s: Its session timeout, in seconds.
        monotonic: Seconds.
    """

    def __init__(self, instance_id: str, session_s: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._instance_id = instance_id
        self._session_s = session_s
        self._monotonic = monotonic
        self._member_id: str | None = None
        self._joined_at = monotonic()
        self._evictions: list[float] = []

    def joined(self, member_id: str) -> None:
        """Note the member id of an assignment."""
        now = self._monotonic()
        if self._member_id is None:
            self._joined_at = now
        elif self._member_id != member_id:
            self._evictions.append(now)
        self._evictions = [at for at in self._evictions if now - at < SESSIONS * self._session_s]
        self._member_id = member_id

    def check(self) -> None:
        """Refuse to fight on.

        Raises:
            ConfigurationError: Another process has this instance id.
        """
        if not self._evictions:
            return
        bears = NEWCOMER_BEARS if self._evictions[0] - self._joined_at < self._session_s else RESIDENT_BEARS
        if len(self._evictions) >= bears:
            raise ConfigurationError(
                f"another process has the group_instance_id {self._instance_id!r}:"
                " give each process its own, or none, and start again"
            )
