"""A worker in a process of its own whose handler does what each event says: to be killed, frozen and started again.

Usage: scripted_worker.py BOOTSTRAP TOPIC GROUP MONGODB_URI NAME

NAME is its static membership, so that one that is started again is back at once; "" for none. Its runs and effects are
documents of the database that is named after the group.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
from datetime import timedelta
from typing import Any

from pymongo import MongoClient
from pymongo.errors import DuplicateKeyError

from keylane import KafkaSettings, Message, Retry, RetryPolicy, Worker
from keylane.mongo import MongoInbox

LEASE = timedelta(seconds=1)
PATIENCE_S = 20.0


class Script:
    """What the events may ask for."""

    def __init__(self, database: Any) -> None:
        self._database = database

    def in_thread(self, message: Message) -> None:
        run = {"event": message.id, "attempt": message.attempt, "fence": message.fence, "pid": os.getpid()}
        self._database.runs.insert_one({**run, "partition": message.partition, "at": time.time()})
        getattr(self, message.data.get("do", "work"))(message)

    async def on_loop(self, message: Message) -> None:
        await asyncio.to_thread(self.in_thread, message)

    def work(self, message: Message) -> None:
        """An effect that carries its fence."""
        time.sleep(message.data.get("seconds", 0))
        self._effect(message)

    def fail(self, message: Message) -> None:
        raise Retry(f"attempt {message.attempt}", after=timedelta(seconds=message.data["seconds"]))

    def die(self, message: Message) -> None:
        time.sleep(message.data["seconds"])
        os._exit(7)

    def freeze(self, message: Message) -> None:
        """The first run waits for a word, and would count as failed; a later one does neither."""
        deadline = time.monotonic() + PATIENCE_S
        while message.fence == 1 and time.monotonic() < deadline and not self._database.words.find_one({"_id": "go"}):
            time.sleep(0.02)
        self._effect(message)
        if message.fence == 1:
            raise RuntimeError("too late")

    def _effect(self, message: Message) -> None:
        with contextlib.suppress(DuplicateKeyError):
            self._database.effects.insert_one({"_id": message.id, "fence": 0})
        newer = {"_id": message.id, "fence": {"$lte": message.fence}}
        change = {"$set": {"fence": message.fence, "pid": os.getpid()}, "$inc": {"times": 1}}
        if self._database.effects.update_one(newer, change).matched_count == 0:
            self._database.refused.insert_one({"event": message.id, "fence": message.fence})


async def work(bootstrap: str, topic: str, group: str, uri: str, name: str) -> None:
    client: Any = MongoClient(uri, tz_aware=True)
    database = client[group]
    inbox = MongoInbox(database.inbox)
    inbox.create_indexes()
    settings = KafkaSettings(
        bootstrap_servers=bootstrap,
        group_instance_id=name or None,
        session_timeout=timedelta(seconds=2),
        heartbeat_interval=timedelta(milliseconds=300),
        drain_timeout=timedelta(seconds=1),
        stop_timeout=timedelta(seconds=4),
        request_timeout=timedelta(seconds=4),
        commit_interval=timedelta(milliseconds=50),
    )
    script = Script(database)
    worker = Worker(
        group,
        [topic],
        {"made": script.in_thread, "made-async": script.on_loop},
        inbox=inbox,
        settings=settings,
        lease=LEASE,
        retry=RetryPolicy(max_abandoned_claims=3),
        concurrency=8,
    )
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.request_stop)
    await worker.run()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
