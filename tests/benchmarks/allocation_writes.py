"""The writes that one allocation makes, as a real worker made them, repeated by bare threads.

`python -m tests.benchmarks.allocation_writes TASK` prints what it found as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections import Counter
from dataclasses import asdict, dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from pymongo import MongoClient, monitoring
from tests.wire.deployment import Deployment, allocation_of, event_id

from allocation_worker.main import initialize, shutdown
from keylane.testing import until
from lyceum_database import new_id

from . import allocation_site as site_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from allocation_worker.program import AllocationWorker

FIRST, SAMPLE = 0, site_of.SKILLS  # of one skill: the second purchase finds everything as the next ones will
WITHIN_S = 30.0
WRITES = ("insert", "update")


@dataclass(frozen=True, slots=True)
class Write:
    """One document inserted, or one updated by a filter."""

    collection: str
    document: dict[str, Any] | None
    filter: dict[str, Any] | None = None
    update: dict[str, Any] | None = None

    @property
    def name(self) -> str:
        return f"{'insert into' if self.document is not None else 'update of'} {self.collection}"


class Tap(monitoring.CommandListener):
    """Keeps the writes that any client of this process sends while it is open."""

    def __init__(self) -> None:
        self.open = False
        self.writes: list[Write] = []
        self.others: Counter[str] = Counter()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if not self.open:
            return
        command = event.command
        if event.command_name == "insert":
            self.writes += [Write(command["insert"], dict(document)) for document in command["documents"]]
        elif event.command_name == "update":
            self.writes += [
                Write(command["update"], None, dict(one["q"]), dict(one["u"])) for one in command["updates"]
            ]
        else:
            self.others[event.command_name] += 1

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None: ...

    def failed(self, event: monitoring.CommandFailedEvent) -> None: ...


@dataclass(frozen=True, slots=True)
class Repeated:
    """What the bare threads did.

    Attributes:
        writes: Of one allocation, by what they are.
        reads: Other commands that the worker sent for one allocation.
        unmatched: Updates that found no document: then this was no fair comparison.
    """

    seconds: float
    cpu_seconds: float
    writes: dict[str, int]
    reads: dict[str, int]
    unmatched: int


def repeat(site: Deployment, *, trainers: int, allocations: int) -> Repeated:
    """Sample one allocation, then write as much for `allocations` more, from as many threads as the worker has."""
    tap = Tap()
    monitoring.register(tap)
    site_of.deploy(site, trainers=trainers, seats=2 * allocations)
    asyncio.run(_sample(site, tap))
    scripts = [_script(tap.writes, number, trainers) for number in range(2 * SAMPLE, 2 * SAMPLE + allocations)]
    client: MongoClient[dict[str, Any]] = MongoClient(site.uri, maxPoolSize=site_of.THREADS)
    client[site.name].command("ping")
    unmatched: list[int] = []

    def play(scripts: list[list[Write]]) -> None:
        unmatched.append(sum(not _done(client[site.name], write) for script in scripts for write in script))

    threads = [threading.Thread(target=play, args=(scripts[n :: site_of.THREADS],)) for n in range(site_of.THREADS)]
    began, began_cpu = time.monotonic(), time.process_time()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds, cpu_seconds = time.monotonic() - began, time.process_time() - began_cpu
    client.close()
    return Repeated(
        seconds, cpu_seconds, dict(Counter(write.name for write in tap.writes)), dict(tap.others), sum(unmatched)
    )


async def _sample(site: Deployment, tap: Tap) -> None:
    """Let the real worker allocate twice; the second time is kept, from the claim to the published event."""
    program = initialize(site.settings)
    running = asyncio.create_task(program.run())
    try:
        await until(lambda: program.ready, timeout_s=WITHIN_S, what="the worker to be ready")
        await _allocated(site, program, FIRST)
        tap.open = True
        await _allocated(site, program, SAMPLE)
        tap.open = False
    finally:
        await program.stop()
        await running
        shutdown()


async def _allocated(site: Deployment, program: AllocationWorker, number: int) -> None:
    done = program.worker.counts.done
    await asyncio.to_thread(site.publish, *site_of.purchases([number]))
    await until(lambda: program.worker.counts.done > done, timeout_s=WITHIN_S, what="a purchase to be handled")
    await asyncio.to_thread(_published, site)


def _published(site: Deployment) -> None:
    client: MongoClient[dict[str, Any]] = MongoClient(site.uri)  # not sampled: it only reads
    deadline = time.monotonic() + WITHIN_S
    while client[site.name].allocations.count_documents({"outbox_due": {"$exists": True}}):
        if time.monotonic() > deadline:
            raise TimeoutError("an event was not published")
        time.sleep(0.02)
    client.close()


def _script(writes: list[Write], number: int, trainers: int) -> list[Write]:
    """The sampled writes for another purchase; each trainer in turn, whatever version he has."""
    (sampled,), (other,) = site_of.purchases([SAMPLE]), site_of.purchases([number])
    names = {
        allocation_of(sampled): allocation_of(other),
        event_id(sampled): event_id(other),
        sampled.purchase_id: other.purchase_id,
        sampled.student_id: other.student_id,
    }
    for entry in _outbox_ids(writes):
        names[entry] = new_id()
    made = [_renamed(write, names) for write in writes]
    for write in made:
        if write.collection == "trainer_capacity" and write.filter is not None:
            write.filter["_id"] = f"trainer-{number % trainers}"
            write.filter["version"] = {"$gte": 0}
    return made


def _outbox_ids(writes: list[Write]) -> set[str]:
    """Ids of the events that the sampled allocation told."""
    pushed = [(write.update or {}).get("$push", {}).get("outbox", {}).get("$each", []) for write in writes]
    inserted = [(write.document or {}).get("outbox", []) for write in writes]
    return {entry["id"] for entries in pushed + inserted for entry in entries}


def _renamed(write: Write, names: Mapping[str, str]) -> Write:
    return Write(write.collection, *(_replaced(part, names) for part in (write.document, write.filter, write.update)))


def _replaced(part: Any, names: Mapping[str, str]) -> Any:
    if isinstance(part, dict):
        return {key: _replaced(value, names) for key, value in part.items()}
    if isinstance(part, list):
        return [_replaced(value, names) for value in part]
    if isinstance(part, str):
        for old, new in names.items():
            part = part.replace(old, new)
    return part


def _done(database: Any, write: Write) -> bool:
    if write.document is not None:
        return bool(database[write.collection].insert_one(write.document).acknowledged)
    return bool(database[write.collection].update_one(write.filter, write.update).matched_count)


def main(text: str) -> None:
    given = json.loads(text)
    found = repeat(Deployment(**given["site"]), trainers=given["trainers"], allocations=given["allocations"])
    sys.stdout.write(json.dumps(asdict(found)) + "\n")


if __name__ == "__main__":
    main(*islice(sys.argv, 1, 2))
