"""One run of a handler in a lane: interruptible on the loop, adopted when a thread outlives its lane."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from typing import TYPE_CHECKING, Any

from keylane.errors import FencedError, Skip, StoreUnavailableError
from keylane.lines import about_claim

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from keylane.handlers import Handlers
    from keylane.inbox import Claim, Inbox
    from keylane.lane import Head, Lane
    from keylane.leases import Leases
    from keylane.measures import Measures
    from keylane.message import Message
    from keylane.tracing import Tracing
    from keylane.verdict import Judge

log = logging.getLogger("keylane")


class Runs:
    """Runs handlers and records the outcome of threads whose lane was taken away.

    Args:
        handlers: By event type.
        inbox: Where an orphan's outcome is recorded.
        leases: An orphan's claim stays held.
        judge: Whether an orphan's error counts.
        measures: Told how long runs take, and how long records waited for their first.
        tracing: None for no spans.
        clock: Aware UTC.
    """

    def __init__(
        self,
        handlers: Handlers,
        *,
        inbox: Inbox,
        leases: Leases,
        judge: Judge,
        measures: Measures,
        tracing: Tracing | None,
        clock: Callable[[], datetime],
    ) -> None:
        self._handlers = handlers
        self._inbox = inbox
        self._leases = leases
        self._judge = judge
        self._measures = measures
        self._tracing = tracing
        self._clock = clock
        self._orphans: set[asyncio.Task[None]] = set()

    async def run(self, lane: Lane, head: Head, message: Message) -> None:
        """Run the message's handler and raise what it raises.

        An interrupted lane gets CancelledError; if a thread runs on, `head.claim` is None then: it was adopted.
        """
        began = time.monotonic()
        if message.attempt == 1 and (came := lane.partition.arrivals.moment_of(message.offset)) is not None:
            self._measures.queue_s.observe(began - came)
        try:
            if self._tracing is None:
                await self._run(lane, head, message)
            else:
                with self._tracing.run(lane.queue[0], message) as head.traceparent:
                    await self._run(lane, head, message)
        finally:
            self._measures.handler_s.observe(time.monotonic() - began)

    async def orphans_done(self, *, timeout_s: float) -> None:
        """Wait for threads that outlived their lanes."""
        if self._orphans:
            await asyncio.wait(self._orphans, timeout=timeout_s)

    async def _run(self, lane: Lane, head: Head, message: Message) -> None:
        if self._handlers.runs_on_loop(message.type):
            await self._interruptible(lane, self._handlers.run_on_loop(message))
        else:
            await self._in_thread(lane, head, message)

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
        run = self._handlers.start(message)
        try:
            await self._interruptible(lane, self._watched(run, message))
        except asyncio.CancelledError:
            if not lane.interrupted:
                raise
            if not run.done():
                self._adopt(run, head)
                raise
        result = run.result()
        if inspect.isawaitable(result):
            await self._interruptible(lane, self._handlers.bounded(result))

    async def _watched(self, run: asyncio.Future[Any], message: Message) -> None:
        timeout_s = self._judge.policy.timeout.total_seconds()
        while not run.done():
            await asyncio.wait([run], timeout=timeout_s)
            if not run.done():
                log.warning(
                    "%s has run for more than %s s in a thread, which cannot be cancelled",
                    message.id,
                    timeout_s,
                    extra={"action": "overrun", "message_id": message.id, "type": message.type},
                )

    def _adopt(self, run: asyncio.Future[Any], head: Head) -> None:
        claim, head.claim = head.claim, None
        if claim is not None:
            task = asyncio.get_running_loop().create_task(self._settle(run, claim))
            self._orphans.add(task)
            task.add_done_callback(self._orphans.discard)

    async def _settle(self, run: asyncio.Future[Any], claim: Claim) -> None:
        await asyncio.wait([run])
        error = run.exception()
        try:
            if error is None or isinstance(error, Skip):
                await self._inbox.finish(claim)
            elif self._judge.counts(error):
                await self._inbox.fail(claim, at=self._clock())
            else:
                await self._inbox.release(claim)
        except (FencedError, StoreUnavailableError) as exc:
            extra = about_claim(claim, "outcome_lost")
            log.warning("%s: its outcome could not be recorded: %s", claim.key, exc, extra=extra)
        finally:
            self._leases.drop(claim)
