"""What a worker is made of, and who tells whom: built once, before anything runs."""

from __future__ import annotations

import os
import socket
import time
import uuid
from typing import TYPE_CHECKING

from keylane.circuit import STORE, Circuit
from keylane.consequences import Consequences
from keylane.counts import Counts
from keylane.endings import Endings
from keylane.handlers import Handlers
from keylane.inbox import InProcess
from keylane.lanes import Lanes
from keylane.leases import Leases
from keylane.mailbox import Mailbox
from keylane.measures import Measures
from keylane.processor import Processor
from keylane.runs import Runs
from keylane.suspects import Suspects
from keylane.swift import Swift
from keylane.threads import Threads
from keylane.tracing import Tracing, tracer_of
from keylane.troubles import Troubles
from keylane.verdict import Judge

if TYPE_CHECKING:
    import random
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
    from datetime import datetime, timedelta

    from opentelemetry.trace import TracerProvider

    from keylane.broker import Publisher
    from keylane.health import Health
    from keylane.inbox import Claim, Inbox
    from keylane.intake import Order
    from keylane.lane import Lane
    from keylane.message import Handler
    from keylane.retry import RetryPolicy


class Parts:
    """The parts of one worker; what they are made from is what the worker was given."""

    def __init__(  # noqa: PLR0913  the options of a worker, each under its own name
        self,
        group: str,
        handlers: Mapping[str, Handler],
        *,
        inbox: Inbox,
        ignored: Collection[str],
        retry: RetryPolicy,
        order: Order,
        concurrency: int,
        client_id: str,
        publisher: Publisher,
        lease: timedelta,
        outages: Sequence[type[Exception]],
        app_version: str,
        tracer_provider: TracerProvider | None,
        clock: Callable[[], datetime],
        jitter: random.Random,
        health: Health,
    ) -> None:
        self.publisher = publisher
        self.measures, self.threads = Measures(), Threads(f"keylane-{group}", concurrency)
        self.leases = Leases(inbox, lease, health, self._lease_lost, self._store_answered)
        self.circuit = Circuit(
            retry.outages_to_open, health=health, wake=self._wake, monotonic=time.monotonic, jitter=jitter
        )
        suspects = Suspects(retry, wake=self._wake)
        judge, counts = Judge(retry, tuple(outages), jitter), Counts()
        running = Handlers(handlers, threads=self.threads)
        tracer = tracer_of(tracer_provider)
        self.runs = Runs(
            running,
            inbox=inbox,
            leases=self.leases,
            judge=judge,
            measures=self.measures,
            tracing=None if tracer is None else Tracing(tracer, group=group, client_id=client_id),
            clock=clock,
        )
        endings = Endings(
            inbox=inbox,
            leases=self.leases,
            mailbox=Mailbox(publisher, group, app_version),
            troubles=Troubles(health, self.circuit, judge, counts),
            measures=self.measures,
            counts=counts,
            clock=clock,
        )
        self.processor = Processor(
            group=group,
            owner=f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}",
            handlers=running,
            ignored=frozenset(ignored),
            inbox=inbox,
            leases=self.leases,
            runs=self.runs,
            consequences=Consequences(group=group, judge=judge, suspects=suspects, endings=endings, clock=clock),
            suspects=suspects,
            endings=endings,
            circuit=self.circuit,
            troubles=endings.troubles,
            measures=self.measures,
            counts=counts,
        )
        swift = Swift(self.processor, inbox).run if tracer is None and isinstance(inbox, InProcess) else None
        self.lanes = Lanes(self.processor.run, swift=swift, order=order, concurrency=concurrency)

    def _lease_lost(self, claim: Claim) -> None:
        self.lanes.lease_lost(claim)

    def _store_answered(self) -> None:
        self.circuit.succeeded(STORE)

    def _wake(self, lanes: Iterable[Lane]) -> None:
        self.lanes.wake(lanes)
