"""Commits of finished prefixes: explicit offsets, one commit at a time, only for what is owned in this epoch."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING, Final

from keylane.errors import BrokerUnavailableError, CommitRefusedError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from keylane.broker import Subscription, TopicPartition
    from keylane.health import Health
    from keylane.measures import Measures
    from keylane.partition import Partition

log = logging.getLogger("keylane")

REFUSED_PAUSE_S: Final = 1.0
"""Pause after a refused commit, in seconds: the member is rejoining, and asking again at once does not help."""


class Commits:
    """Commits for one membership.

    Args:
        subscription: Whose offsets.
        owned: The partitions of the current epoch, kept current by the membership.
        health: Told when the broker is away.
        measures: Told how long commits take, and what became of them.
    """

    def __init__(
        self,
        subscription: Subscription,
        owned: Mapping[TopicPartition, Partition],
        health: Health,
        measures: Measures,
    ) -> None:
        self._subscription = subscription
        self._owned = owned
        self._health = health
        self._measures = measures
        self._one_at_a_time = asyncio.Lock()
        self._not_before = 0.0

    async def regularly(self, interval_s: float) -> None:
        """Commit what is finished, again and again."""
        while True:
            await asyncio.sleep(interval_s)
            if time.monotonic() >= self._not_before:
                await self.commit(list(self._owned.values()))

    async def commit(self, partitions: Collection[Partition]) -> None:
        """Commit the finished prefixes of these; a refusal costs redeliveries only."""
        async with self._one_at_a_time:
            due = {
                partition: offset
                for partition in partitions
                if self._owned.get(partition.tp) is partition and (offset := partition.to_commit) is not None
            }
            if due:
                await self._send(due)

    async def _send(self, due: Mapping[Partition, int]) -> None:
        began = time.monotonic()
        try:
            await self._subscription.commit({partition.tp: offset for partition, offset in due.items()})
        except CommitRefusedError as exc:
            self._measures.commits_refused += 1
            self._not_before = time.monotonic() + REFUSED_PAUSE_S
            log.info("commit refused: %s", exc, extra={"action": "commit_refused"})
        except BrokerUnavailableError as exc:
            self._measures.commits_failed += 1
            self._health.trouble("commits", str(exc))
        else:
            self._measures.commit_s.observe(time.monotonic() - began)
            self._health.well("commits")
            for partition, offset in due.items():
                partition.committed = offset
