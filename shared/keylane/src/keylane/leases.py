"""The claims that this worker holds now, and their renewal."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import TYPE_CHECKING

from keylane.errors import ConfigurationError, FencedError, StoreUnavailableError
from keylane.lines import about_claim, name_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta

    from keylane.health import Health
    from keylane.inbox import Claim, Inbox

log = logging.getLogger("keylane")


class Leases:
    """Keeps the leases of held claims alive.

    Args:
        inbox: Where they are renewed.
        duration: Of one lease; renewed after a third of it.
        health: Told when the store is away.
        lost: Told which claim is another owner's now.
        answered: Told that the store is there, whoever asked.
    """

    def __init__(
        self,
        inbox: Inbox,
        duration: timedelta,
        health: Health,
        lost: Callable[[Claim], None] = lambda _: None,
        answered: Callable[[], None] = lambda: None,
    ) -> None:
        self._inbox = inbox
        self._health = health
        self._lost = lost
        self._answered = answered
        self._held: dict[str, Claim] = {}
        self._held_before: dict[str, Claim] = {}
        self.duration = duration

    def hold(self, claim: Claim) -> None:
        """Renew this claim from now on."""
        self._held[claim.key] = claim

    def drop(self, claim: Claim) -> None:
        """Renew it no more; a later claim of the same message is another."""
        if self._held.get(claim.key) is claim:
            del self._held[claim.key]

    async def renew_regularly(self) -> None:
        """Renew claims that were already held one round ago; most runs end sooner and never need it.

        All at once: one after another, a slow store would let the last leases of many end before their turn. Each round
        also asks the store whether it is there: an idle worker's readiness is true, and the store can follow its
        server's clock.

        Raises:
            Exception: Of the store's adapter, and none of its own: that round is over, whatever it has renewed.
        """
        every_s, began = self.duration.total_seconds() / 3, time.monotonic()
        while True:
            await asyncio.sleep(max(0.0, began + every_s - time.monotonic()))
            began = time.monotonic()
            before, self._held_before = self._held_before, dict(self._held)
            due = [claim for key, claim in self._held.items() if before.get(key) is claim]
            ends = await asyncio.gather(self._look(), *map(self._renew, due), return_exceptions=True)
            for error in filter(None, ends):
                raise error

    async def _look(self) -> None:
        try:
            await self._inbox.ping()
        except (StoreUnavailableError, ConfigurationError) as exc:
            self._health.trouble("store", str(exc))
        else:
            self._health.well("store")
            self._answered()

    async def _renew(self, claim: Claim) -> None:
        try:
            await self._inbox.renew(claim, lease=self.duration)
        except FencedError:
            if self._held.get(claim.key) is claim:  # else it ended while the renewal was under way
                extra = about_claim(claim, "lease_lost")
                log.warning("%s: the lease was lost while it ran", name_of(claim), extra=extra)
                self._lost(claim)
        except StoreUnavailableError as exc:
            self._health.trouble("store", str(exc))
