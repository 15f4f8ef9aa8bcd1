"""From a fetched record to its one outcome: claim, run, then done, parked for a retry, or dead-lettered.

Each step is repeated on its own when a server is away, so that an outage neither repeats a handler nor costs an
attempt.
"""

from __future__ import annotations

import asyncio
import itertools
import logging
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from keylane import letters
from keylane.cloudevents import Event, decode
from keylane.errors import (
    BrokerUnavailableError,
    Fatal,
    FencedError,
    Retry,
    Skip,
    StoreUnavailableError,
    UndecodableError,
)
from keylane.inbox import Burial, Busy, Claim, Settled
from keylane.lanes import Lane, Outcome
from keylane.message import Message
from keylane.retry import outage_delay_s

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Iterator
    from datetime import datetime, timedelta

    from keylane.broker import Publisher, Record
    from keylane.handlers import Handlers
    from keylane.health import Health
    from keylane.inbox import Inbox
    from keylane.retry import RetryPolicy

log = logging.getLogger("keylane")

SEND_WAIT_S: Final = 10.0
"""How long one wait for a dead letter's acknowledgement lasts, in seconds; the same send is then waited for again."""
BUSY_POLL_S: Final = 1.0
"""Longest pause before a message that another owner runs is asked for again, in seconds."""


@dataclass(slots=True)
class Counts:
    """What happened since the start, by outcome."""

    done: int = 0
    failed: int = 0
    retried: int = 0
    dead: int = 0
    duplicate: int = 0
    ignored: int = 0
    fenced: int = 0


@dataclass(slots=True)
class Head:
    """What is known about the record in front of a lane.

    Attributes:
        step: What is to be done next; an outage repeats it.
        owner: Whose name its claims carry: unique per delivered record.
        tries: Outages of the store or the broker met in a row at this step.
        away: Runs in a row that ended because a server of the handler's was away.
        sent: The dead letter that was handed to the client: waited for again, never sent twice.
    """

    step: Callable[[Lane, Head], Awaitable[Outcome | float | None]]
    owner: str
    event: Event | None = None
    claim: Claim | None = None
    burial: Burial | None = None
    sent: asyncio.Future[None] | None = None
    tries: int = 0
    away: int = 0
    pause_s: float = 0.0


@dataclass(slots=True, kw_only=True)
class Processor:
    """Advances the heads of lanes.

    Attributes:
        outages: Exceptions of handlers that mean a server is away: the run is not counted.
        held: Claims that are held now, by key, for the renewal of their leases.
        away: Messages whose last run found a server of the handler's away.
        orphans: Handlers in threads whose lane was taken away; their outcome is still recorded.
    """

    group: str
    owner: str
    handlers: Handlers
    ignored: Collection[str]
    inbox: Inbox
    retry: RetryPolicy
    lease: timedelta
    publisher: Publisher
    health: Health
    clock: Callable[[], datetime]
    outages: tuple[type[Exception], ...] = ()
    app_version: str = ""
    jitter: random.Random = field(default_factory=random.Random)
    counts: Counts = field(default_factory=Counts)
    held: dict[str, Claim] = field(default_factory=dict)
    orphans: set[asyncio.Task[None]] = field(default_factory=set)
    away: set[str] = field(default_factory=set)
    _serial: Iterator[int] = field(default_factory=itertools.count)

    async def run(self, lane: Lane) -> Outcome | float:
        """Advance the lane's head until it is completed, dropped, or to be parked for some seconds."""
        head = lane.head
        if head is None:
            head = lane.head = Head(self._decode, f"{self.owner}/{next(self._serial)}")
        try:
            while (outcome := await head.step(lane, head)) is None:
                head.tries = 0
        except StoreUnavailableError as exc:
            return self._outage(head, "store", exc)
        except BrokerUnavailableError as exc:
            return self._outage(head, f"dead letters of {lane.partition.tp.topic}", exc)
        except FencedError as exc:
            return self._fenced(head, exc)
        return outcome

    async def let_go(self, lane: Lane) -> None:
        """Settle or release what a parked lane still holds, before its partition goes; best effort."""
        head = lane.head
        if head is None:
            return
        if head.event is not None:
            self._back(head)
        if head.claim is None:
            return
        claim = head.claim
        try:
            if head.step in (self._finish, self._fail, self._dead):
                await head.step(lane, head)
            else:
                await self.inbox.release(claim)
        except (StoreUnavailableError, FencedError):
            log.warning("%s stays claimed until its lease ends", claim.key, extra={"action": "lease_left"})
        self.held.pop(claim.key, None)

    # --- steps -------------------------------------------------------------------------------------------------

    async def _decode(self, lane: Lane, head: Head) -> Outcome | None:
        record = lane.queue[0]
        try:
            head.event = decode(record)
        except UndecodableError as exc:
            self._condemn(head, record, letters.UNDECODABLE, exc)
            return None
        if head.event.type in self.ignored:
            self.counts.ignored += 1
            return Outcome.COMPLETED
        if head.event.type not in self.handlers:
            error = UndecodableError(f"no handler of group {self.group} knows type {head.event.type[:128]!r}")
            self._condemn(head, record, letters.UNKNOWN_TYPE, error)
            return None
        head.step = self._claim
        return None

    async def _claim(self, lane: Lane, head: Head) -> Outcome | float | None:
        event = _event(head)
        answer = await self.inbox.claim(f"{self.group}:{event.id}", owner=head.owner, lease=self.lease)
        self.health.well("store")
        if isinstance(answer, Settled):
            self.counts.duplicate += 1
            return Outcome.COMPLETED
        if isinstance(answer, Busy):
            head.tries += 1
            wanted = min(0.05 * 2.0 ** min(head.tries, 8), BUSY_POLL_S)
            return max(0.01, min(wanted, answer.lease_left.total_seconds()))
        self._hold(head, answer)
        if answer.burial is not None:
            head.burial, head.step = answer.burial, self._letter
        elif answer.abandoned >= self.retry.max_abandoned_claims:
            error = RuntimeError(f"{answer.abandoned} runs in a row ended without an outcome")
            self._bury_next(lane, head, letters.CRASH_LOOP, error, answer.attempts)
        elif answer.attempts >= self.retry.max_attempts:
            error = RuntimeError(f"{answer.attempts} failed runs were already counted")
            self._bury_next(lane, head, letters.EXHAUSTED, error, answer.attempts)
        else:
            head.step = self._handle
        return None

    async def _handle(self, lane: Lane, head: Head) -> Outcome | float | None:
        claim, event = _claim(head), _event(head)
        if lane.interrupted:
            return await self._give_back(head, claim)
        message = _message(lane.queue[0], event, claim)
        try:
            if self.handlers.runs_on_loop(event.type):
                await self._interruptible(lane, self.handlers.run_on_loop(message))
            else:
                await self._in_thread(lane, head, message)
        except asyncio.CancelledError as exc:
            return await self._cancelled(lane, head, exc)
        except Skip:
            head.step = self._finish
        except Exception as exc:  # noqa: BLE001  every error of a handler is its failed run
            self._failed(lane, head, exc)
        else:
            head.step = self._finish
        return None

    async def _cancelled(self, lane: Lane, head: Head, error: asyncio.CancelledError) -> Outcome | None:
        """Asked for by the runtime it is neither a failure nor a success; from within the handler it is a failure."""
        if not lane.interrupted:
            self._failed(lane, head, RuntimeError(f"the handler was cancelled from within: {error!r}"))
            return None
        return Outcome.DROPPED if head.claim is None else await self._give_back(head, head.claim)

    async def _finish(self, _: Lane, head: Head) -> Outcome:
        await self.inbox.finish(_claim(head))
        self._drop(head)
        self._back(head)
        self.counts.done += 1
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
        await self._send_letter(lane.queue[0], head)
        self.health.well(f"dead letters of {lane.partition.tp.topic}")
        self.counts.dead += 1
        if head.claim is None:
            return Outcome.COMPLETED
        head.step = self._dead
        return None

    async def _dead(self, _: Lane, head: Head) -> Outcome:
        await self.inbox.dead(_claim(head))
        self._drop(head)
        return Outcome.COMPLETED

    # --- the handler -------------------------------------------------------------------------------------------

    async def _interruptible(self, lane: Lane, run: Awaitable[None]) -> None:
        lane.interruptible = True
        try:
            await run
        finally:
            lane.interruptible = False
            task = asyncio.current_task()
            if lane.interrupted and task is not None:
                task.uncancel()

    async def _in_thread(self, lane: Lane, head: Head, message: Message) -> None:
        run = self.handlers.start(message)
        try:
            await self._interruptible(lane, self._watched(run, message))
        except asyncio.CancelledError:
            if not lane.interrupted:
                raise
            if not run.done():
                self._adopt(run, head)
                raise
        result = run.result()
        if asyncio.iscoroutine(result) or isinstance(result, asyncio.Future):
            await self._interruptible(lane, self.handlers.bounded(result))

    async def _watched(self, run: asyncio.Future[None], message: Message) -> None:
        timeout_s = self.retry.timeout.total_seconds()
        while not run.done():
            await asyncio.wait([run], timeout=timeout_s)
            if not run.done():
                log.warning(
                    "%s has run for more than %s s in a thread, which cannot be cancelled",
                    message.id,
                    timeout_s,
                    extra={"action": "overrun", "message_id": message.id},
                )

    def _adopt(self, run: asyncio.Future[None], head: Head) -> None:
        """Keep the claim of a thread that runs on without its lane, and record how it ends."""
        claim, head.claim = _claim(head), None
        task = asyncio.get_running_loop().create_task(self._settle_orphan(run, claim))
        self.orphans.add(task)
        task.add_done_callback(self.orphans.discard)

    async def _settle_orphan(self, run: asyncio.Future[None], claim: Claim) -> None:
        await asyncio.wait([run])
        error = run.exception()
        try:
            if error is None or isinstance(error, Skip):
                await self.inbox.finish(claim)
            elif self._counts(error):
                await self.inbox.fail(claim, at=self.clock())
            else:
                await self.inbox.release(claim)
        except (FencedError, StoreUnavailableError) as exc:
            log.warning("%s: its outcome could not be recorded: %s", claim.key, exc, extra={"action": "fenced"})
        finally:
            self.held.pop(claim.key, None)

    # --- decisions ---------------------------------------------------------------------------------------------

    def _failed(self, lane: Lane, head: Head, error: Exception) -> None:
        claim, event = _claim(head), _event(head)
        if not self._counts(error):
            head.away += 1
            head.pause_s = self._wanted_pause(error, outage_delay_s(head.away, jitter=self.jitter))
            self.away.add(event.id)
            self.health.trouble("handler", f"{event.type}: {letters.clipped(str(error))}")
            head.step = self._release
            return
        attempts = claim.attempts + 1
        self._back(head)
        self.counts.failed += 1
        log.warning(
            "%s %s failed, run %d of %d: %s: %s",
            event.type,
            event.id,
            attempts,
            self.retry.max_attempts,
            type(error).__name__,
            letters.clipped(str(error)),
            extra={"action": "failed", "message_id": event.id, "attempts": attempts, "tp": str(lane.partition.tp)},
        )
        if isinstance(error, Fatal):
            self._bury_next(lane, head, letters.FATAL, error, attempts)
        elif attempts >= self.retry.max_attempts:
            self._bury_next(lane, head, letters.EXHAUSTED, error, attempts)
        else:
            head.pause_s = self._wanted_pause(error, self.retry.delay_s(attempts, jitter=self.jitter))
            head.step = self._fail

    def _counts(self, error: BaseException) -> bool:
        return not (isinstance(error, self.outages) or (isinstance(error, Retry) and not error.counted))

    def _wanted_pause(self, error: Exception, otherwise: float) -> float:
        if isinstance(error, Retry) and error.after is not None:
            return max(0.0, error.after.total_seconds())
        return otherwise

    def _condemn(self, head: Head, record: Record, reason: str, error: Exception) -> None:
        head.burial = letters.burial(
            self.group, record, reason=reason, error=error, attempts=0, at=self.clock(), first=None
        )
        head.step = self._letter

    def _bury_next(self, lane: Lane, head: Head, reason: str, error: Exception, attempts: int) -> None:
        head.burial = letters.burial(
            self.group,
            lane.queue[0],
            reason=reason,
            error=error,
            attempts=attempts,
            at=self.clock(),
            first=_claim(head).first_failed_at,
        )
        head.step = self._bury

    async def _send_letter(self, record: Record, head: Head) -> None:
        burial = _burial(head)
        if head.sent is None:
            headers = letters.headers_of_letter(self.group, record, burial, app_version=self.app_version)
            topic = letters.dead_letter_topic(record.topic, self.group)
            head.sent = await self.publisher.send(topic, key=record.key, value=record.value, headers=headers)
        await asyncio.wait([head.sent], timeout=SEND_WAIT_S)
        if not head.sent.done():
            raise BrokerUnavailableError(f"no acknowledgement within {SEND_WAIT_S:g} s")
        sent, head.sent = head.sent, None
        sent.result()
        log.error(
            "dead letter %s: %s at %s-%d@%d: %s",
            burial.reason,
            burial.error_type,
            record.topic,
            record.partition,
            record.offset,
            burial.error_message,
            extra={"action": "dead_lettered", "letter_id": burial.letter_id, "reason": burial.reason},
        )

    # --- claims ------------------------------------------------------------------------------------------------

    def _hold(self, head: Head, claim: Claim) -> None:
        head.claim = claim
        self.held[claim.key] = claim

    def _drop(self, head: Head) -> None:
        self.held.pop(_claim(head).key, None)
        head.claim = None
        self.health.well("store")

    def _back(self, head: Head) -> None:
        """The handler's servers answered this message: ready again once that is true of every message."""
        self.away.discard(_event(head).id)
        if not self.away:
            self.health.well("handler")

    async def _give_back(self, head: Head, claim: Claim) -> Outcome:
        await self.inbox.release(claim)
        self._drop(head)
        return Outcome.DROPPED

    def _outage(self, head: Head, part: str, error: Exception) -> float:
        head.tries += 1
        self.health.trouble(part, str(error))
        return outage_delay_s(head.tries, jitter=self.jitter)

    def _fenced(self, head: Head, error: FencedError) -> float:
        self.counts.fenced += 1
        log.warning("a result was discarded: %s", error, extra={"action": "fenced"})
        if head.claim is not None:
            self.held.pop(head.claim.key, None)
            head.claim = None
        head.burial, head.step = None, self._claim
        return outage_delay_s(0, jitter=self.jitter)


def _event(head: Head) -> Event:
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


def _message(record: Record, event: Event, claim: Claim) -> Message:
    return Message(
        id=event.id,
        type=event.type,
        source=event.source,
        key=record.key,
        data=event.data,
        headers=event.headers,
        time=event.time,
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        attempt=claim.attempts + 1,
        fence=claim.fence,
    )
