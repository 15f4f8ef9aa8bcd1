"""What does not go well for a record, told to whom it concerns: readiness, circuit breakers, counts and the log."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from keylane import letters, lines
from keylane.circuit import STORE, handler_part
from keylane.retry import outage_delay_s
from keylane.wording import MAX_WORDS, plain, said

if TYPE_CHECKING:
    from keylane.circuit import Circuit
    from keylane.counts import Counts
    from keylane.errors import FencedError
    from keylane.health import Health
    from keylane.lane import Head, Lane
    from keylane.message import Message
    from keylane.verdict import Judge

log = logging.getLogger("keylane")

DEFECT_PAUSE_S: Final = 5.0
"""Pause of a lane after an error of the runtime itself, in seconds."""


@dataclass(slots=True)
class Troubles:
    """The troubles of all lanes of a worker, and their ends. What reports an end looks first whether there is any."""

    health: Health
    circuit: Circuit
    judge: Judge
    counts: Counts

    @property
    def any(self) -> bool:
        """Whether there is one: what goes well is worth no word otherwise."""
        return self.health.ill or self.circuit.strained

    def outage(self, head: Head, part: str, error: Exception) -> float:
        """A server is away: seconds to wait before the same step is tried again."""
        head.tries += 1
        self.health.trouble(part, str(error))
        self.circuit.failed(part, str(error))
        return outage_delay_s(head.tries, jitter=self.judge.jitter)

    def handler_outage(self, head: Head, message: Message, error: Exception) -> float:
        """A run that does not count, as a server of the handler's is away: seconds to wait before the next."""
        head.away += 1
        words = f"{message.type}: {letters.clipped(said(error))}"
        self.health.trouble("handler", words, member=head.owner)
        if self.judge.is_outage(error):
            self.circuit.failed(handler_part(message.type), words)
        return self.judge.outage_pause_s(error, head.away)

    def fenced(self, lane: Lane, head: Head, error: FencedError) -> float:
        """Another owner has the message: seconds to wait before asking what became of it."""
        self.answered()
        self.counts.fenced += 1
        extra = lines.fields(lane.queue[0], head.event, traceparent=head.traceparent, action="fenced")
        log.warning("a result was discarded: %s", plain(said(error), MAX_WORDS), extra=extra)
        return outage_delay_s(0, jitter=self.judge.jitter)

    def defect(self, lane: Lane, head: Head, error: Exception) -> float:
        """An error of the runtime or of the store's adapter: the record is kept, nothing spins, somebody must look."""
        where = f"{lane.partition.tp.topic}-{lane.partition.tp.partition}@{lane.queue[0].offset}"
        words = f"{where}: {type(error).__name__}: {letters.clipped(said(error))}"
        self.health.trouble("runtime", words, member=head.owner)
        extra = lines.fields(lane.queue[0], head.event, traceparent=head.traceparent, action="defect")
        log.error("%s: a record could not be processed", where, exc_info=error, extra=extra)
        return DEFECT_PAUSE_S

    def answered(self) -> None:
        """The store did."""
        if self.health.ill:
            self.health.well(STORE)
        if self.circuit.strained:
            self.circuit.succeeded(STORE)

    def reached(self, head: Head) -> None:
        """The handler's servers answered this message."""
        if self.health.ill:
            self.health.well("handler", member=head.owner)
        if self.circuit.strained and head.event is not None:
            self.circuit.succeeded(handler_part(head.event.type))

    def written(self, part: str) -> None:
        """A dead letter is."""
        self.health.well(part)
        self.circuit.succeeded(part)

    def settled(self, head: Head) -> None:
        """The runtime itself got through."""
        if self.health.ill:
            self.health.well("runtime", member=head.owner)

    def forget(self, lane: Lane, head: Head) -> None:
        """The lane is given up: nobody is in trouble on its account."""
        self.circuit.forget(lane)
        self.health.well("handler", member=head.owner)
        self.health.well("runtime", member=head.owner)
