"""What every worker process of a rehearsal is made of: a real worker with wrappers over its ports."""

import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from keylane import RetryPolicy, Worker
from keylane.kafka import KafkaBroker
from keylane.testing import Failpoint, FailpointInbox, failpoint_broker, failpoint_handlers

from .broken import broken_broker, broken_inbox, broken_options
from .orders import Orders
from .recording import RecordingInbox, recording_broker, recording_handlers
from .runlog import RunLog

SWIFT = RetryPolicy(base=timedelta(milliseconds=50), cap=timedelta(milliseconds=500))
MONGO_MS = 2_000
"""Time limits of the database's driver: an outage is noticed within them."""


class Assassin:
    """Ends this process at its named point."""

    def __init__(self, orders: Orders, log: RunLog) -> None:
        self._orders = orders
        self._log = log
        self._lock = threading.Lock()
        self._left = orders.die_after

    def __call__(self, point: Failpoint) -> None:
        if point is not self._orders.die_at:
            return
        with self._lock:
            self._left -= 1
            if self._left == 0 and not self._orders.calm.exists():
                self._log.note("died", point=point)
                os.kill(os.getpid(), signal.SIGKILL)


class Rig:
    """Builds workers whose ports are wrapped: defects inside, then notes, then failpoints."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._log = RunLog(orders.run_log)
        self._hook = Assassin(orders, self._log)
        self._log.note("born")

    def worker(self, group: str, topics: list[str], handlers: Any, **options: Any) -> Worker:
        """In place of `keylane.Worker`."""
        broken = self._orders.broken
        inbox = RecordingInbox(broken_inbox(options.pop("inbox"), broken), self._log)
        broker = broken_broker(recording_broker(KafkaBroker(options["settings"]), self._log), broken)
        return Worker(
            group,
            topics,
            failpoint_handlers(recording_handlers(handlers, self._log), self._hook),
            inbox=FailpointInbox(inbox, self._hook),
            broker=failpoint_broker(broker, self._hook),
            **(options | broken_options(broken)),
        )


def obey(work: Callable[[Orders, Rig], None]) -> None:
    """Be a worker process: the one argument holds its orders."""
    orders = Orders.from_json(sys.argv[1])
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    work(orders, Rig(orders))
