"""One worker process of the rehearsal: `python -m tests.chaos.worker ORDERS`, real but for the wrappers over its ports."""

import asyncio
import logging
import os
import signal
import sys
import threading
import time
from datetime import timedelta
from typing import Any
from zlib import crc32

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, WaitQueueTimeoutError

from allocation_worker import bootstrap
from allocation_worker import main as allocation
from allocation_worker.settings import WorkerSettings
from keylane import Message, RetryPolicy, Worker
from keylane.kafka import KafkaBroker
from keylane.mongo import MongoInbox
from keylane.testing import Failpoint, FailpointInbox, failpoint_broker, failpoint_handlers
from lyceum_database import MongoSettings

from .broken import break_allocation, broken_broker, broken_inbox, broken_options
from .events import ENTRY
from .orders import LEASE, Broken, Orders, World
from .recording import RecordingInbox, recording_broker, recording_handlers
from .runlog import RunLog

SWIFT = RetryPolicy(base=timedelta(milliseconds=50), cap=timedelta(milliseconds=500))
SLOWEST_MS = 25
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


def ledger(orders: Orders, rig: Rig) -> None:
    """Work as a plain keylane worker whose effects are entries in documents of accounts."""
    client: MongoClient[dict[str, Any]] = MongoClient(
        orders.uri,
        tz_aware=True,
        serverSelectionTimeoutMS=MONGO_MS,
        connectTimeoutMS=MONGO_MS,
        socketTimeoutMS=MONGO_MS,
    )
    accounts = client[orders.name].accounts
    keyed = orders.broken not in (Broken.NO_INBOX, Broken.UNKEYED)

    def enter(message: Message) -> None:
        time.sleep(crc32(message.id.encode()) % SLOWEST_MS / 1_000)  # so that there is always somebody at work
        account = (message.key or b"").decode()
        missing = {"entries.id": {"$ne": message.id}} if keyed else {}
        accounts.update_one({"_id": account, **missing}, {"$push": {"entries": {"id": message.id}}})

    worker = rig.worker(
        orders.ledger_group,
        [orders.ledger_topic],
        {ENTRY: enter},
        inbox=MongoInbox(client[orders.name].ledger_inbox),
        settings=orders.kafka,
        retry=SWIFT,
        concurrency=16,
        lease=LEASE,
        outages=(ConnectionFailure, WaitQueueTimeoutError),
    )
    asyncio.run(until_stopped(worker))


async def until_stopped(worker: Worker) -> None:
    """Work until SIGTERM."""
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.request_stop)
    await worker.run()


def allocate(orders: Orders, rig: Rig) -> None:
    """Work as the allocation worker does, by its own composition root."""
    break_allocation(orders.broken)
    bootstrap.Worker = rig.worker  # type: ignore[assignment,attr-defined]  # the one seam to its ports
    program = allocation.initialize(settings_of(orders), retry=SWIFT)
    try:
        asyncio.run(allocation.run(program))
    finally:
        allocation.shutdown()


def settings_of(orders: Orders) -> WorkerSettings:
    """Of the allocation worker."""
    mongo = MongoSettings(
        uri=orders.uri,
        database=orders.name,
        server_selection_timeout_ms=MONGO_MS,
        connect_timeout_ms=MONGO_MS,
        socket_timeout_ms=MONGO_MS,
    )
    return WorkerSettings(
        mongo=mongo,
        kafka=orders.kafka,
        group=f"{orders.name}.allocation-worker",
        topic_prefix=f"{orders.name}.",
        inbox_lease=LEASE,
        sweep_interval=timedelta(seconds=2),
        reconcile_interval=timedelta(seconds=2),
    )


def end_with_parent() -> None:
    """Leave no process behind: standard input is the parent's, and ends with it."""

    def watch() -> None:
        sys.stdin.read()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def main() -> None:
    """Obey the orders."""
    orders = Orders.from_json(sys.argv[1])
    end_with_parent()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    rig = Rig(orders)
    (ledger if orders.world is World.LEDGER else allocate)(orders, rig)


if __name__ == "__main__":
    main()
