"""From a fetched record to its one outcome: decode, claim, run, then what follows from that.

Each step is repeated on its own when a server is away, so that an outage neither repeats a handler nor costs an
attempt.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from keylane import letters, lines
from keylane.circuit import STORE, handler_part
from keylane.cloudevents import decode, payload
from keylane.consequences import event_of
from keylane.endings import claim_of, letters_part
from keylane.errors import (
    BrokerUnavailableError,
    FencedError,
    KeyReuseError,
    LeaseLostError,
    Skip,
    StoreUnavailableError,
    UndecodableError,
)
from keylane.inbox import Claim, Reused, Settled
from keylane.lane import Head, Lane, Outcome
from keylane.places import replay_of
from keylane.wording import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from keylane.circuit import Circuit
    from keylane.consequences import Consequences
    from keylane.counts import Counts
    from keylane.endings import Endings
    from keylane.handlers import Handlers
    from keylane.inbox import Inbox
    from keylane.lane import Begun
    from keylane.leases import Leases
    from keylane.measures import Measures
    from keylane.message import Message
    from keylane.runs import Runs
    from keylane.suspects import Suspects
    from keylane.troubles import Troubles

log = logging.getLogger("keylane")

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
    consequences: Consequences
    suspects: Suspects
    endings: Endings
    circuit: Circuit
    troubles: Troubles
    measures: Measures
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
            if self.suspects.turn is lane:
                self.suspects.ended()
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
        self.leases.hold(claim_of(head))
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
            if head.step in (self.endings.finish, self.endings.fail, self.endings.dead):
                await head.step(lane, head)
            else:
                await self.inbox.release(claim)
        except (StoreUnavailableError, FencedError):
            log.warning(
                "%s stays claimed until its lease ends",
                lines.name_of(claim),
                extra=lines.about_claim(claim, "lease_left"),
            )
        finally:
            self.leases.drop(claim)

    def _unwanted(self, lane: Lane, head: Head) -> bool:
        """Decode the record; whether it is of a type that the group ignores."""
        try:
            event = head.event = decode(lane.queue[0])
        except Exception as exc:  # noqa: BLE001  decoding is pure: whatever it meets is the record's own
            self.consequences.condemn(lane, head, letters.UNDECODABLE, exc)
            return False
        if event.type in self.handlers:
            return False
        if event.type in self.ignored:
            self.counts.ignored += 1
            return True
        error = UndecodableError(f"no handler of group {self.group} knows type {event.type[:128]!r}")
        self.consequences.condemn(lane, head, letters.UNKNOWN_TYPE, error)
        return False

    def _troubled(self, lane: Lane, head: Head, error: Exception) -> float:
        if isinstance(error, StoreUnavailableError):
            return self.troubles.outage(head, STORE, error)
        if isinstance(error, BrokerUnavailableError):
            self.measures.letters_failed += 1
            return self.troubles.outage(head, letters_part(lane), error)
        if not isinstance(error, FencedError):
            return self.troubles.defect(lane, head, error)
        if head.claim is not None:
            self.leases.drop(head.claim)
            head.claim = None
        head.burial, head.step = None, head.first
        return self.troubles.fenced(lane, head, error)

    async def _claim(self, lane: Lane, head: Head) -> Outcome | float | None:
        event, record = _unused(lane, head), lane.queue[0]
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
            head.step = self._handle
            if answer.attempts or answer.abandoned or answer.burial is not None:
                self.consequences.of_past(lane, head, answer)
            return None
        if isinstance(answer, Settled):
            self.counts.duplicate += 1
            if replay is not None:
                words = "replay %d of %s changes nothing: it is %s"
                extra = lines.fields(record, event, action="replay_settled", replay=replay.count)
                log.info(words, replay.count, plain(event.id), answer.state, extra=extra)
            return Outcome.COMPLETED
        if isinstance(answer, Reused):
            error = KeyReuseError(f"id {event.id[:128]!r} was used before by an event with other data")
            self.consequences.condemn(lane, head, letters.KEY_REUSE, error)
            return None
        head.tries += 1
        wanted = min(0.05 * 2.0 ** min(head.tries, 8), BUSY_POLL_S)
        return max(0.01, min(wanted, answer.lease_left.total_seconds()))

    async def _handle(self, lane: Lane, head: Head) -> Outcome | None:
        claim, event = claim_of(head), event_of(head)
        if head.begun is None:
            if lane.interrupted:
                return await self.endings.give_back(lane, head)
            event = _unused(lane, head)
            event.attempt, event.fence = claim.attempts + 1, claim.fence
        try:
            await self.runs.run(lane, head, event)
        except asyncio.CancelledError as exc:
            return await self._cancelled(lane, head, exc)
        except LeaseLostError:
            raise
        except Skip:
            head.step = self.endings.finish
        except Exception as exc:  # noqa: BLE001  every error of a handler is its failed run
            self.consequences.of_error(lane, head, exc)
        else:
            head.step = self.endings.finish
        return None

    async def _cancelled(self, lane: Lane, head: Head, error: asyncio.CancelledError) -> Outcome | None:
        """Asked for from outside of the handler it is neither a failure nor a success; from within it is a failure.

        A task says that somebody cancelled it, not who. A program that ends does so once: who is cancelled again does
        it to himself.
        """
        task = asyncio.current_task()
        if lane.interrupted:
            return Outcome.DROPPED if head.claim is None else await self.endings.give_back(lane, head)
        if head.cancelled or task is None or not task.cancelling():
            self.consequences.of_cancellation(lane, head, error)
            return None
        head.cancelled, head.step = True, head.first
        if head.claim is not None:
            await self.endings.release(lane, head)
        raise error

    def _needs(self, lane: Lane, head: Head) -> tuple[str, ...]:
        if head.step == self.endings.letter:
            return (letters_part(lane),)
        if head.step == head.first and head.event is not None:
            return (STORE, handler_part(head.event.type))
        return (STORE,)


def _unused(lane: Lane, head: Head) -> Message:
    """The head's message for another run: an earlier one may have kept it, or changed it."""
    event = event_of(head)
    if event.fence:
        event = head.event = decode(lane.queue[0])
    return event
