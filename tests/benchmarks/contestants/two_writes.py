"""The two writes that an inbox in MongoDB needs per message, and nothing else."""

from __future__ import annotations

import asyncio
import itertools
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from pymongo import MongoClient, monitoring

from keylane.inbox import Claim
from keylane.mongo import MongoInbox

if TYPE_CHECKING:
    from tests.benchmarks.recording import Recorder
    from tests.benchmarks.task import Task

LEASE = timedelta(seconds=30)
SAMPLE = "bench:sample"


class Writes(monitoring.CommandListener):
    """Keeps the documents that a client sends: what is replayed is then what the inbox really writes."""

    def __init__(self) -> None:
        self.inserted: list[dict[str, Any]] = []
        self.updated: list[dict[str, Any]] = []

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if event.command_name == "insert":
            self.inserted += event.command["documents"]
        elif event.command_name == "update":
            self.updated += event.command["updates"]

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


async def consume(task: Task, recorder: Recorder) -> None:
    """As many threads as the inbox has, each writing what a claim and a finish write, one after the other."""
    inserted, updated = await _sample(task)
    client: MongoClient[dict[str, Any]] = MongoClient(task.mongodb, tz_aware=True)
    collection = client.bench[f"{task.group}-bare"]
    MongoInbox(collection).create_indexes()
    serial, noting = itertools.count(), threading.Lock()

    def write() -> None:
        while not recorder.is_closed():
            number = next(serial)
            key = f"{task.group}:event-0-{number}"
            collection.insert_one({**inserted, "_id": key})
            collection.update_one({**updated["q"], "_id": key}, updated["u"])
            with noting:
                recorder.note(0, number)

    threads = [threading.Thread(target=write) for _ in range(task.options["threads"])]
    for thread in threads:
        thread.start()
    await recorder.over(task.limit_s)
    for thread in threads:
        await asyncio.to_thread(thread.join)
    client.close()


async def _sample(task: Task) -> tuple[dict[str, Any], dict[str, Any]]:
    """One message through a real inbox.

    Raises:
        RuntimeError: The inbox no longer writes twice per message: this comparison must be made anew.
    """
    writes = Writes()
    client: MongoClient[dict[str, Any]] = MongoClient(task.mongodb, tz_aware=True, event_listeners=[writes])
    inbox = MongoInbox(client.bench[f"{task.group}-sample"], threads=1)
    claim = await inbox.claim(SAMPLE, owner="host:1234:12345678/1", lease=LEASE)
    if not isinstance(claim, Claim):
        raise RuntimeError(f"the sample message was not claimed: {claim}")  # noqa: TRY004  no wrong type: a wrong answer
    await inbox.finish(claim)
    inbox.close()
    client.close()
    if (len(writes.inserted), len(writes.updated)) != (1, 1):
        raise RuntimeError(
            f"an inbox made {len(writes.inserted)} inserts and {len(writes.updated)} updates, not 1 and 1"
        )
    return writes.inserted[0], writes.updated[0]
