"""One run of a handler in a lane: interruptible on the loop, adopted when a thread outlives its lane."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from math import inf
from typing import TYPE_CHECKING, Any

from keylane.errors import Fatal, FencedError, LeaseLostError, OverrunError, Retry, Skip, StoreUnavailableError
from keylane.handlers import HandlerEscapeError
from keylane.lane import Cut
from keylane.lines import about_claim, name_of
from keylane.wording import MAX_WORDS, plain, said

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from keylane.handlers import Handlers
    from keylane.inbox import Claim, Inbox
    from keylane.lane import Begun, Head, Lane
    from keylane.lanes import Lanes
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
        self._timeout_s = judge.policy.timeout.total_seconds()
        self._orphans: set[asyncio.Task[None]] = set()

    async def run(self, lane: Lane, head: Head, message: Message) -> None:
        """Run the message's handler and raise what it raises.

        An interrupted lane gets CancelledError; if a thread runs on, `head.claim` is None then: it was adopted.
        """
        if head.begun is not None:
            await self._go_on(lane, head, head.begun)
            return
        began = time.monotonic()
        if message.attempt == 1 and (came := lane.partition.arrivals.moment_of(message.offset)) is not None:
            self._measures.queue_s.observe(began - came)
        try:
            if self._tracing is not None:
                with self._tracing.run(lane.queue[0], message) as head.traceparent:
                    await self._run(lane, head, message, began)
            else:
                await self._run(lane, head, message, began)
        finally:
            self._measures.handler_s.observe(time.monotonic() - began)

    async def _go_on(self, lane: Lane, head: Head, begun: Begun) -> None:
        head.begun = None
        try:
            await self._on_loop(lane, begun.rest, begun.at)
        finally:
            self._measures.handler_s.observe(time.monotonic() - begun.at)

    def _run(self, lane: Lane, head: Head, message: Message, began: float) -> Awaitable[None]:
        handler = self._handlers.on_loop.get(message.type)
        if handler is not None:
            return self._on_loop(lane, handler(message), began)
        return self._in_thread(lane, head, message)

    async def cut_overdue(self, lanes: Lanes) -> None:
        """Cancel handlers whose time is up, again and again: one watch over all is far cheaper than a timer per run."""
        while True:
            now = time.monotonic()
            await asyncio.sleep(min(lanes.cut_overdue(now, again_s=self._timeout_s) - now, self._timeout_s))

    async def orphans_done(self, *, timeout_s: float) -> None:
        """Wait for threads that outlived their lanes."""
        if self._orphans:
            await asyncio.wait(self._orphans, timeout=timeout_s)

    async def _on_loop(self, lane: Lane, run: Awaitable[None], began: float) -> None:
        lane.deadline = began + self._timeout_s
        lane.interruptible = True
        try:
            await run
        except (Skip, KeyboardInterrupt):  # its last word, whoever asks it to end; a Ctrl-C is the program's own
            raise
        except BaseException as exc:
            if (meant := self._meant(exc, lane.cut)) is exc:
                raise
            raise meant from exc
        finally:
            lane.deadline = inf
            lane.interruptible = False
            if lane.cut is not None:
                lane.cut_is_over()

    def _meant(self, error: BaseException, cut: Cut | None) -> BaseException:
        """What a run's error says; whatever a cancelled one raises, it was cancelled."""
        if cut is Cut.HAND_OVER:
            return asyncio.CancelledError(cut.value)
        if cut is Cut.LEASE_LOST:
            return LeaseLostError("its lease was lost while it ran")
        if cut is Cut.OVERRUN and not isinstance(error, (Fatal, Retry)):
            return OverrunError(f"no end within {self._timeout_s:g} s")
        return error if isinstance(error, (Exception, asyncio.CancelledError)) else HandlerEscapeError(error)

    async def _interruptible(self, lane: Lane, waiting: Awaitable[None]) -> None:
        lane.interruptible = True
        try:
            await waiting
        finally:
            lane.interruptible = False
            if lane.cut is not None:
                lane.cut_is_over()

    async def _in_thread(self, lane: Lane, head: Head, message: Message) -> None:
        run = self._handlers.start(message)
        try:
            await self._interruptible(lane, self._watched(run, message))
        except asyncio.CancelledError:
            if not run.done() or not lane.interrupted:
                self._adopt(run, head)
                raise
        result = run.result()
        if inspect.isawaitable(result):
            await self._on_loop(lane, result, time.monotonic())

    async def _watched(self, run: asyncio.Future[Any], message: Message) -> None:
        while not run.done():
            await asyncio.wait([run], timeout=self._timeout_s)
            if not run.done():
                log.warning(
                    "%s has run for more than %s s in a thread, which cannot be cancelled",
                    plain(message.id),
                    self._timeout_s,
                    extra={"action": "overrun", "message_id": plain(message.id), "type": plain(message.type)},
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
            error = self._judge.meant(error) if isinstance(error, Exception) else error
            if error is None or isinstance(error, Skip):
                await self._inbox.finish(claim)
            elif self._judge.counts(error):
                await self._inbox.fail(claim, at=self._clock())
            else:
                await self._inbox.release(claim)
        except (FencedError, StoreUnavailableError) as exc:
            extra = about_claim(claim, "outcome_lost")
            words = plain(said(exc), MAX_WORDS)
            log.warning("%s: its outcome could not be recorded: %s", name_of(claim), words, extra=extra)
        finally:
            self._leases.drop(claim)
