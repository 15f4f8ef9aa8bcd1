"""The steps that end a run or a message: each one call to a server, repeated on its own until it is answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keylane.lane import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from keylane.counts import Counts
    from keylane.inbox import Burial, Claim, Inbox
    from keylane.lane import Head, Lane
    from keylane.leases import Leases
    from keylane.mailbox import Mailbox
    from keylane.measures import Measures
    from keylane.troubles import Troubles


@dataclass(slots=True, kw_only=True)
class Endings:
    """What heads step to once it is known how a run ended.

    Attributes:
        clock: Aware UTC.
    """

    inbox: Inbox
    leases: Leases
    mailbox: Mailbox
    troubles: Troubles
    measures: Measures
    counts: Counts
    clock: Callable[[], datetime]

    async def finish(self, _: Lane, head: Head) -> Outcome:
        """Done."""
        claim = claim_of(head)
        await self.inbox.finish(claim)
        if claim.attempts:
            self.measures.done_late(claim.attempts + 1)
        self.leases.drop(claim)
        head.claim = None
        self.counts.done += 1
        if self.troubles.any:
            self.troubles.answered()
            self.troubles.reached(head)
        return Outcome.COMPLETED

    async def fail(self, _: Lane, head: Head) -> float:
        """A counted failure, and another run after its pause."""
        await self.inbox.fail(claim_of(head), at=self.clock())
        self._drop(head)
        head.step = head.first
        self.counts.retried += 1
        return head.pause_s

    async def release(self, _: Lane, head: Head) -> float:
        """Nothing happened, and another run after its pause."""
        await self.inbox.release(claim_of(head))
        self._drop(head)
        head.step = head.first
        return head.pause_s

    async def give_back(self, _: Lane, head: Head) -> Outcome:
        """Nothing happened, and it is another's now."""
        await self.inbox.release(claim_of(head))
        self._drop(head)
        return Outcome.DROPPED

    async def bury(self, _: Lane, head: Head) -> None:
        """Dead for the store; its letter is left to be written."""
        await self.inbox.bury(claim_of(head), _burial(head))
        head.step = self.letter

    async def letter(self, lane: Lane, head: Head) -> Outcome | None:
        """Its dead letter."""
        await self.mailbox.send(lane.queue[0], _burial(head), head)
        self.troubles.written(letters_part(lane))
        self.counts.dead += 1
        self.measures.died(_burial(head).reason, _burial(head).attempts)
        if head.claim is None:
            return Outcome.COMPLETED
        head.step = self.dead
        return None

    async def dead(self, _: Lane, head: Head) -> Outcome:
        """Dead, and its letter is written."""
        await self.inbox.dead(claim_of(head))
        self._drop(head)
        return Outcome.COMPLETED

    def _drop(self, head: Head) -> None:
        self.leases.drop(claim_of(head))
        head.claim = None
        self.troubles.answered()


def letters_part(lane: Lane) -> str:
    """Names, for health and circuits, what the lane's dead letters need."""
    return f"dead letters of {lane.partition.tp.topic}"


def claim_of(head: Head) -> Claim:
    """The claim of a head that holds one."""
    if head.claim is None:
        raise RuntimeError("a step ran without its claim")
    return head.claim


def _burial(head: Head) -> Burial:
    if head.burial is None:
        raise RuntimeError("a letter was to be written without a burial")
    return head.burial
