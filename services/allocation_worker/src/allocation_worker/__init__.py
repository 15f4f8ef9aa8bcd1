"""Gives each paid student a trainer."""

from allocation_worker.errors import AllocationServiceNotInitialized, StartRefused
from allocation_worker.main import allocation_service, initialize, run, shutdown
from allocation_worker.program import AllocationWorker
from allocation_worker.settings import WorkerSettings, read_settings

__all__ = [
    "AllocationServiceNotInitialized",
    "AllocationWorker",
    "StartRefused",
    "WorkerSettings",
    "allocation_service",
    "initialize",
    "read_settings",
    "run",
    "shutdown",
]
