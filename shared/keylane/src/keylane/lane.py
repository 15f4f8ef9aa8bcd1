"""A lane: the records of one key in one assignment, and what is known about the one in front."""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable
from enum import Enum
from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import asyncio

    from keylane.broker import Record
    from keylane.inbox import Burial, Claim
    from keylane.message import Message
    from keylane.partition import Partition


class Outcome(Enum):
    """What became of a lane's head."""

    COMPLETED = "completed"
    DROPPED = "dropped"


class Begun(NamedTuple):
    """A handler's run that was started before its lane had a runner.

    Attributes:
        rest: What is left of it.
        at: When it began, in monotonic seconds.
    """

    rest: Awaitable[None]
    at: float


class Head:  # defaults stand in the class: what most records never have costs nothing
    """What is known about the record in front of a lane.

    Attributes:
        first: Where its message begins, and what it is sent back to.
        step: What is to be done next; an outage repeats it.
        owner: Whose name its claims carry: unique per delivered record.
        event: Set once decoded.
        claim: Set while held.
        begun: Set if its handler was started already.
        burial: Set once it is dead.
        sent: The dead letter that was handed to the client: waited for again, never sent twice.
        tries: Outages of the store or the broker met in a row at this step.
        cancelled: A run of it was cancelled by somebody outside of the runtime.
        away: Runs in a row that ended because a server of the handler's was away.
        pause_s: How long the lane parks after the next step.
        traceparent: Of the span of its last run; empty without traces.
    """

    event: Message | None = None
    claim: Claim | None = None
    begun: Begun | None = None
    burial: Burial | None = None
    sent: asyncio.Future[None] | None = None
    tries: int = 0
    cancelled: bool = False
    away: int = 0
    pause_s: float = 0.0
    traceparent: str = ""

    def __init__(self, step: Step, owner: str) -> None:
        self.first = self.step = step
        self.owner = owner


class Cut(Enum):
    """Why the runtime cancels the wait for a handler."""

    HAND_OVER = "its partition goes to another member"
    OVERRUN = "it took longer than its limit"
    LEASE_LOST = "another owner has its message"


class Lane:
    """The queue of one key of one assignment.

    Attributes:
        head: None until the first run of the record in front.
        runner: The task that runs the head now.
        timer: Ends the wait of a parked lane.
        interruptible: The runner waits for a handler, on the loop or in a thread.
        deadline: When the handler on the loop is overdue, in monotonic seconds; infinite for a thread, or without one.
        cut: Why that wait was cancelled.
        cuts: How often.
        interrupted: The partition is handed over: nothing more may start in this lane.
    """

    head: Head | None = None
    runner: asyncio.Task[None] | None = None
    timer: asyncio.TimerHandle | None = None
    interruptible: bool = False
    deadline: float = inf
    cut: Cut | None = None
    cuts: int = 0
    interrupted: bool = False

    def __init__(self, partition: Partition, key: bytes | int) -> None:
        self.partition = partition
        self.key = key
        self.queue: deque[Record] = deque()

    def cut_short(self, why: Cut) -> None:
        """Cancel the wait for the handler that is running, once; it tells the reasons apart by `cut`."""
        if self.interruptible and self.cut is None and self.runner is not None:
            self.cut = why
            self._cancel(self.runner)

    def cut_again(self) -> None:
        """Cancel it once more: it has taken its time to tidy up."""
        if self.runner is not None:
            self._cancel(self.runner)

    def cut_is_over(self) -> None:
        """The runner is as good as new, or libraries that count cancellations take its next handler for cancelled."""
        while self.cuts:
            self.cuts -= 1
            if self.runner is not None:
                self.runner.uncancel()
        self.cut = None

    def _cancel(self, runner: asyncio.Task[None]) -> None:
        self.cuts += 1
        runner.cancel()


Step = Callable[[Lane, Head], Awaitable[Outcome | float | None]]
"""Advances a head: an outcome, seconds to park the lane, or None when `head.step` says what comes next."""
