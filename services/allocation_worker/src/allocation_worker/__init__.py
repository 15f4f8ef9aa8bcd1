"""Gives each paid student a trainer.

What is named here is loaded when it is first asked for, so that the program heeds signals before it is loaded.
"""

from pkgutil import resolve_name
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from allocation_worker.errors import AllocationServiceNotInitialized, StartRefused
    from allocation_worker.main import allocation_service, initialize, run, shutdown
    from allocation_worker.program import AllocationWorker
    from allocation_worker.settings import WorkerSettings, read_settings
else:

    def __getattr__(name: str) -> object:
        """Load a public name."""
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return resolve_name(f"{__name__}.{_HOMES[name]}:{name}")


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

_HOMES = {
    "AllocationServiceNotInitialized": "errors",
    "AllocationWorker": "program",
    "StartRefused": "errors",
    "WorkerSettings": "settings",
    "allocation_service": "main",
    "initialize": "main",
    "read_settings": "settings",
    "run": "main",
    "shutdown": "main",
}
