"""A plain keylane worker whose effects are entries of accounts: `python -m tests.chaos.work_ledger ORDERS`."""

import asyncio
import signal
import time
from typing import Any
from zlib import crc32

from pymongo import MongoClient
from pymongo.errors import ConnectionFailure, WaitQueueTimeoutError

from keylane import Message, Worker
from keylane.mongo import MongoInbox

from .orders import ENTRY, ENTRY_ON_LOOP, LEASE, Broken, Orders
from .rig import MONGO_MS, SWIFT, Rig, obey

SLOWEST_MS = 25


def work(orders: Orders, rig: Rig) -> None:
    """Until SIGTERM."""
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

    async def enter_on_loop(message: Message) -> None:
        await asyncio.to_thread(enter, message)

    worker = rig.worker(
        orders.ledger_group,
        [orders.ledger_topic],
        {ENTRY: enter, ENTRY_ON_LOOP: enter_on_loop},
        inbox=MongoInbox(client[orders.name].ledger_inbox),
        settings=orders.kafka,
        retry=SWIFT,
        concurrency=16,
        lease=LEASE,
        outages=(ConnectionFailure, WaitQueueTimeoutError),
    )
    asyncio.run(_until_stopped(worker, heeds=orders.broken is not Broken.DEAF))


async def _until_stopped(worker: Worker, *, heeds: bool) -> None:
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.request_stop if heeds else lambda: None)
    await worker.run()


if __name__ == "__main__":
    obey(work)
