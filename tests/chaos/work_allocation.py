"""The allocation worker, by its own composition root: `python -m tests.chaos.work_allocation ORDERS`."""

import asyncio
from datetime import timedelta
from typing import Any

from allocation_worker import bootstrap
from allocation_worker import main as program
from allocation_worker.settings import WorkerSettings
from lyceum_allocation import Allocation, AllocationRepository, CapacityRepository
from lyceum_allocation.allocations import Position, Queue
from lyceum_allocation.rules import Candidate
from lyceum_database import MongoSettings
from lyceum_database.conditional import update_if

from .orders import LEASE, Broken, Orders
from .rig import MONGO_MS, SWIFT, Rig, obey

EVERYBODY = 10_000
_waiting = AllocationRepository.waiting


def work(orders: Orders, rig: Rig) -> None:
    """Until SIGTERM."""
    _spoil(orders.broken)
    bootstrap.Worker = rig.worker  # type: ignore[assignment,attr-defined]  # the one seam to its ports
    built = program.initialize(settings_of(orders), retry=SWIFT)
    try:
        asyncio.run(program.run(built))
    finally:
        program.shutdown()


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
        group=orders.allocation_group,
        topic_prefix=f"{orders.name}.",
        inbox_lease=LEASE,
        sweep_interval=timedelta(seconds=2),
        reconcile_interval=timedelta(seconds=2),
    )


def _spoil(broken: Broken | None) -> None:
    """Build a defect in, before anything else is built."""
    if broken is Broken.OVERBOOKED:
        CapacityRepository.claim = _claim_blindly  # type: ignore[method-assign,assignment]  # the defect
    elif broken is Broken.UNTIDY:
        bootstrap.Every = _Never  # type: ignore[attr-defined,assignment]  # the defect
    elif broken is Broken.LAST_FIRST:
        AllocationRepository.waiting = _last_first  # type: ignore[method-assign,assignment]  # the defect


def _claim_blindly(repository: CapacityRepository, candidate: Candidate, key: str, *, weight: int = 1) -> bool:
    now, taken = repository._clock(), weight + 2
    change = {
        "$push": {"seats": {"k": key, "w": taken, "at": now}},
        "$inc": {"load": taken, "free": -taken, "version": 1},
        "$set": {"util_milli": candidate.with_seat(taken, now).util_milli},
    }
    condition = {"_id": candidate.trainer_id, "version": candidate.version}
    return update_if(repository._collection(), condition, change)


def _last_first(
    repository: AllocationRepository, queue: Queue, *, after: Position | None = None, **options: Any
) -> list[Allocation]:
    everybody = _waiting(repository, queue, **{**options, "limit": EVERYBODY})
    return [] if after is not None else everybody[::-1]


class _Never:
    """In the place of periodic work."""

    ready, why_unready = True, ""

    def __init__(self, *_: object, **__: object) -> None:
        self._stop: Any = None

    async def run(self) -> None:
        self._stop = asyncio.Event()
        await self._stop.wait()

    def request_stop(self) -> None:
        if self._stop is not None:
            self._stop.set()

    async def stop(self) -> None:
        self.request_stop()


if __name__ == "__main__":
    obey(work)
