"""From a fetched record to its one outcome: claim, run, then done, parked for a retry, or dead-lettered.

Each step is repeated on its own when a server is away, so that an outage neither repeats a handler nor costs an
attempt.
"""

from __future__ import annotations

import asyncio
import copy
import itertools
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from keylane import letters, lines
from keylane.circuit import STORE, handler_part
from keylane.cloudevents import decode, payload
from keylane.errors import (
    BrokerUnavailableError,
    FencedError,
    KeyReuseError,
    LeaseLostError,
    Skip,
    StoreUnavailableError,
    UndecodableError,
)
from keylane.inbox import Burial, Claim, Reused, Settled
from keylane.lane import Head, Lane, Outcome
from keylane.places import replay_of
from keylane.wording import said

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from datetime import datetime

    from keylane.circuit import Circuit
    from keylane.counts import Counts
    from keylane.handlers import Handlers
    from keylane.inbox import Inbox
    from keylane.lane import Begun
    from keylane.leases import Leases
    from keylane.mailbox import Mailbox
    from keylane.measures import Measures
    from keylane.message import Message
    from keylane.runs import Runs
    from keylane.troubles import Troubles
    from keylane.verdict import Judge

log = logging.getLogger("keylane")

SUSPECT_PAUSE_S: Final = 0.5
"""Pause of a message whose last run ended with its process while another such one runs, in seconds: side by side they
would die together every time, and be given up together."""
BUSY_POLL_S: Final = 1.0
"""Longest pause before a message that another owner runs is asked for again, in seconds."""


@dataclass(slots=True, kw_only=True)
class Processor:
    """Advances the heads of lanes.

    Attributes:
        owner: Unique per worker.
    """

    group: str
    owner: str
    handlers: Handlers
    ignored: Collection[str]
    inbox: Inbox
    leases: Leases
    runs: Runs
    judge: Judge
    mailbox: Mailbox
    circuit: Circuit
    troubles: Troubles
    measures: Measures
    clock: Callable[[], datetime]
    counts: Counts
    _serial: Iterator[int] = field(default_factory=itertools.count)

    async def run(self, lane: Lane) -> Outcome | float:
        """Advance the lane's head until it is completed, dropped, or to be parked for some seconds."""
        head = lane.head
        if head is None:
            head = lane.head = self.new_head()
            if self._unwanted(lane, head):
                return Outcome.COMPLETED
        try:
            if self.circuit.tripped and (held := self.circuit.hold(lane, self._needs(lane, head))) is not None:
                return held
            while (outcome := await head.step(lane, head)) is None:
                head.tries = 0
        except Exception as exc:  # noqa: BLE001  no error may take a lane down
            return self._troubled(lane, head, exc)
        finally:
            if self.circuit.tripped:
                self.circuit.ended(lane)
            if lane.partition.revoked:  # perhaps after its hand-over: nobody else would end what it stands for
                self.left(lane)
        if self.troubles.any:
            self.troubles.settled(head)
        return outcome

    def new_head(self) -> Head:
        """Of a record that nothing is known about yet."""
        return Head(self._claim, f"{self.owner}/{next(self._serial)}")

    def go_on(self, head: Head, message: Message, begun: Begun) -> None:
        """Make it the head of a message that is claimed, and whose handler was started."""
        self.leases.hold(_claim(head))
        head.event, head.begun, head.step = message, begun, self._handle

    def left(self, lane: Lane) -> None:
        """Keep nothing up for a lane whose partition is another's: its claim ends with its lease, if not before."""
        if lane.head is not None:
            self.troubles.forget(lane, lane.head)
            if lane.head.claim is not None:
                self.leases.drop(lane.head.claim)

    async def let_go(self, lane: Lane) -> None:
        """Settle or release what a parked lane still holds, before its partition goes; best effort."""
        head = lane.head
        if head is None:
            return
        self.troubles.forget(lane, head)
        if head.claim is None:
            return
        claim = head.claim
        try:
            if head.step in (self._finish, self._fail, self._dead):
                await head.step(lane, head)
            else:
                await self.inbox.release(claim)
        except (StoreUnavailableError, FencedError):
            log.warning(
                "%s stays claimed until its lease ends", claim.key, extra=lines.about_claim(claim, "lease_left")
            )
        self.leases.drop(claim)

    def _unwanted(self, lane: Lane, head: Head) -> bool:
        """Decode the record; whether it is of a type that the group ignores."""
        try:
            event = head.event = decode(lane.queue[0])
        except Exception as exc:  # noqa: BLE001  decoding is pure: whatever it meets is the record's own
            self._condemn(lane, head, letters.UNDECODABLE, exc)
            return False
        if event.type in self.handlers:
            return False
        if event.type in self.ignored:
            self.counts.ignored += 1
            return True
        error = UndecodableError(f"no handler of group {self.group} knows type {event.type[:128]!r}")
        self._condemn(lane, head, letters.UNKNOWN_TYPE, error)
        return False

    def _troubled(self, lane: Lane, head: Head, error: Exception) -> float:
        if isinstance(error, StoreUnavailableError):
            return self.troubles.outage(head, STORE, error)
        if isinstance(error, BrokerUnavailableError):
            self.measures.letters_failed += 1
            return self.troubles.outage(head, _letters_part(lane), error)
        if not isinstance(error, FencedError):
            return self.troubles.defect(lane, head, error)
        if head.claim is not None:
            self.leases.drop(head.claim)
            head.claim = None
        head.burial, head.step = None, self._claim
        return self.troubles.fenced(lane, head, error)

    async def _claim(self, lane: Lane, head: Head) -> Outcome | float | None:
        event, record = _event(head), lane.queue[0]
        replay = replay_of(self.group, record) if record.topic.endswith(".replay") else None
        answer = await self.inbox.claim(
            f"{self.group}:{event.id}",
            owner=head.owner,
            lease=self.leases.duration,
            payload=payload(event, record),
            replay=replay,
        )
        if self.troubles.any:
            self.troubles.answered()
        if isinstance(answer, Claim):
            head.claim = answer
            self.leases.hold(answer)
            self._begin(lane, head, answer)
            return None
        if isinstance(answer, Settled):
            self.counts.duplicate += 1
            if replay is not None:
                words = "replay %d of %s changes nothing: it is %s"
                extra = lines.fields(record, event, action="replay_settled", replay=replay.count)
                log.info(words, replay.count, event.id, answer.state, extra=extra)
            return Outcome.COMPLETED
        if isinstance(answer, Reused):
            error = KeyReuseError(f"id {event.id[:128]!r} was used before by an event with other data")
            self._condemn(lane, head, letters.KEY_REUSE, error)
            return None
        head.tries += 1
        wanted = min(0.05 * 2.0 ** min(head.tries, 8), BUSY_POLL_S)
        return max(0.01, min(wanted, answer.lease_left.total_seconds()))

    async def _handle(self, lane: Lane, head: Head) -> Outcome | None:
        claim, event = _claim(head), _event(head)
        if head.begun is None:
            if lane.interrupted:
                return await self._give_back(claim, head)
            if claim.attempts or event.fence:  # an earlier run may have kept its message
                event = head.event = copy.copy(event)
            event.attempt, event.fence = claim.attempts + 1, claim.fence
        try:
            await self.runs.run(lane, head, event)
        except asyncio.CancelledError as exc:
            return await self._cancelled(lane, head, exc)
        except LeaseLostError:
            raise
        except Skip:
            head.step = self._finish
        except Exception as exc:  # noqa: BLE001  every error of a handler is its failed run
            self._judged(lane, head, exc)
        else:
            head.step = self._finish
        return None

    async def _finish(self, _: Lane, head: Head) -> Outcome:
        claim = _claim(head)
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

    async def _fail(self, _: Lane, head: Head) -> float:
        await self.inbox.fail(_claim(head), at=self.clock())
        self._drop(head)
        head.step = self._claim
        self.counts.retried += 1
        return head.pause_s

    async def _release(self, _: Lane, head: Head) -> float:
        await self.inbox.release(_claim(head))
        self._drop(head)
        head.step = self._claim
        return head.pause_s

    async def _bury(self, _: Lane, head: Head) -> None:
        await self.inbox.bury(_claim(head), _burial(head))
        head.step = self._letter

    async def _letter(self, lane: Lane, head: Head) -> Outcome | None:
        await self.mailbox.send(lane.queue[0], _burial(head), head)
        self.troubles.written(_letters_part(lane))
        self.counts.dead += 1
        self.measures.died(_burial(head).reason, _burial(head).attempts)
        if head.claim is None:
            return Outcome.COMPLETED
        head.step = self._dead
        return None

    async def _dead(self, _: Lane, head: Head) -> Outcome:
        await self.inbox.dead(_claim(head))
        self._drop(head)
        return Outcome.COMPLETED

    def _begin(self, lane: Lane, head: Head, claim: Claim) -> None:
        head.step = self._handle
        if not claim.attempts and not claim.abandoned and claim.burial is None:
            return
        policy = self.judge.policy
        if claim.burial is not None:
            head.burial, head.step = claim.burial, self._letter
        elif claim.abandoned >= policy.max_abandoned_claims:
            error = RuntimeError(f"{claim.abandoned} runs in a row ended without an outcome")
            self._condemn(lane, head, letters.CRASH_LOOP, error, claim.attempts)
        elif claim.abandoned and not self.leases.alone(claim):  # one of them may be what ends processes
            head.pause_s, head.step = SUSPECT_PAUSE_S, self._release
        elif claim.attempts >= policy.max_attempts:
            error = RuntimeError(f"{claim.attempts} failed runs were already counted")
            self._condemn(lane, head, letters.EXHAUSTED, error, claim.attempts)

    def _judged(self, lane: Lane, head: Head, error: Exception) -> None:
        try:
            self._failed(lane, head, error)
        except Exception as defect:  # noqa: BLE001  an error that cannot even be looked at must not stop its partition
            self._failed(lane, head, RuntimeError(f"{type(error).__name__} could not be judged: {said(defect)}"))

    def _failed(self, lane: Lane, head: Head, error: Exception) -> None:
        event = _event(head)
        if not self.judge.counts(error):
            head.pause_s = self.troubles.handler_outage(head, event, error)
            head.step = self._release
            return
        attempts = _claim(head).attempts + 1
        self.troubles.reached(head)
        self.counts.failed += 1
        reason = self.judge.death(error, attempts)
        pause_s = None if reason else self.judge.pause_s(error, attempts)
        most, traceparent = self.judge.policy.max_attempts, head.traceparent
        lines.run_failed(
            lane.queue[0], event, error, attempts=attempts, most=most, pause_s=pause_s, traceparent=traceparent
        )
        if pause_s is None:
            self._condemn(lane, head, reason or letters.EXHAUSTED, error, attempts)
        else:
            head.pause_s = pause_s
            head.step = self._fail

    async def _cancelled(self, lane: Lane, head: Head, error: asyncio.CancelledError) -> Outcome | None:
        """Asked for by the runtime it is neither a failure nor a success; from within the handler it is a failure."""
        if not lane.interrupted:
            self._failed(lane, head, RuntimeError(f"the handler was cancelled from within: {error!r}"))
            return None
        return Outcome.DROPPED if head.claim is None else await self._give_back(head.claim, head)

    def _condemn(self, lane: Lane, head: Head, reason: str, error: Exception, attempts: int = 0) -> None:
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
        head.step = self._letter if head.claim is None else self._bury

    def _needs(self, lane: Lane, head: Head) -> tuple[str, ...]:
        if head.step == self._letter:
            return (_letters_part(lane),)
        if head.step == self._claim and head.event is not None:
            return (STORE, handler_part(head.event.type))
        return (STORE,)

    def _drop(self, head: Head) -> None:
        self.leases.drop(_claim(head))
        head.claim = None
        self.troubles.answered()

    async def _give_back(self, claim: Claim, head: Head) -> Outcome:
        await self.inbox.release(claim)
        self._drop(head)
        return Outcome.DROPPED


def _letters_part(lane: Lane) -> str:
    return f"dead letters of {lane.partition.tp.topic}"


def _event(head: Head) -> Message:
    if head.event is None:
        raise RuntimeError("a step ran before its record was decoded")
    return head.event


def _claim(head: Head) -> Claim:
    if head.claim is None:
        raise RuntimeError("a step ran without its claim")
    return head.claim


def _burial(head: Head) -> Burial:
    if head.burial is None:
        raise RuntimeError("a letter was to be written without a burial")
    return head.burial
