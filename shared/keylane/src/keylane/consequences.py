"""What follows for a message from how its run ended, or from what its claim says of earlier ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keylane import letters, lines
from keylane.endings import claim_of
from keylane.errors import Skip
from keylane.wording import said

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable
    from datetime import datetime

    from keylane.endings import Endings
    from keylane.inbox import Claim
    from keylane.lane import Head, Lane
    from keylane.message import Message
    from keylane.suspects import Suspects
    from keylane.verdict import Judge


@dataclass(slots=True, kw_only=True)
class Consequences:
    """Sends heads to the step that is due.

    Attributes:
        clock: Aware UTC.
    """

    group: str
    judge: Judge
    suspects: Suspects
    endings: Endings
    clock: Callable[[], datetime]

    def of_past(self, lane: Lane, head: Head, claim: Claim) -> None:
        """A claim says of earlier runs what may forbid another, or forbid it now."""
        policy = self.judge.policy
        if claim.burial is not None:
            head.burial, head.step = claim.burial, self.endings.letter
        elif claim.abandoned >= policy.max_abandoned_claims:
            error = RuntimeError(f"{claim.abandoned} runs in a row ended without an outcome")
            self.condemn(lane, head, letters.CRASH_LOOP, error, claim.attempts)
        elif not self.suspects.may_run(lane, claim):
            head.step = self._stand_back
        elif claim.attempts >= policy.max_attempts:
            error = RuntimeError(f"{claim.attempts} failed runs were already counted")
            self.condemn(lane, head, letters.EXHAUSTED, error, claim.attempts)

    def of_error(self, lane: Lane, head: Head, error: Exception) -> None:
        """A handler raised."""
        try:
            meant = self.judge.meant(error)
            if isinstance(meant, Skip):
                head.step = self.endings.finish
            else:
                self._failed(lane, head, meant)
        except Exception as defect:  # noqa: BLE001  an error that cannot even be looked at must not stop its partition
            self._failed(lane, head, RuntimeError(f"{type(error).__name__} could not be judged: {said(defect)}"))

    def of_cancellation(self, lane: Lane, head: Head, error: asyncio.CancelledError) -> None:
        """A handler was cancelled by nobody but itself."""
        self._failed(lane, head, RuntimeError(f"the handler was cancelled from within: {error!r}"))

    def condemn(self, lane: Lane, head: Head, reason: str, error: Exception, attempts: int = 0) -> None:
        """It is dead: first for the store, if it is claimed, then as a letter."""
        at, first = self.clock(), head.claim.first_failed_at if head.claim is not None else None
        head.burial = letters.burial(
            self.group,
            lane.queue[0],
            reason=reason,
            error=error,
            attempts=attempts,
            at=at,
            first=first,
            traceparent=head.traceparent,
        )
        head.step = self.endings.letter if head.claim is None else self.endings.bury

    async def _stand_back(self, lane: Lane, head: Head) -> float:
        """Without a claim: a process that dies meanwhile takes nothing along that waits."""
        await self.endings.release(lane, head)
        head.step = self.suspects.wait
        return self.suspects.pause_s()

    def _failed(self, lane: Lane, head: Head, error: Exception) -> None:
        event, troubles = event_of(head), self.endings.troubles
        if not self.judge.counts(error):
            head.pause_s = troubles.handler_outage(head, event, error)
            head.step = self.endings.release
            return
        attempts = claim_of(head).attempts + 1
        troubles.reached(head)
        self.endings.counts.failed += 1
        reason = self.judge.death(error, attempts)
        pause_s = None if reason else self.judge.pause_s(error, attempts)
        most, traceparent = self.judge.policy.max_attempts, head.traceparent
        lines.run_failed(
            lane.queue[0], event, error, attempts=attempts, most=most, pause_s=pause_s, traceparent=traceparent
        )
        if pause_s is None:
            self.condemn(lane, head, reason or letters.EXHAUSTED, error, attempts)
        else:
            head.pause_s = pause_s
            head.step = self.endings.fail


def event_of(head: Head) -> Message:
    """The message of a head that is decoded."""
    if head.event is None:
        raise RuntimeError("a step ran before its record was decoded")
    return head.event
