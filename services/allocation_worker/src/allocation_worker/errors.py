"""What can go wrong in this program, and what becomes of an event whose handling failed.

WorkerError
└── AllocationServiceNotInitialized   an event was handled before initialize()
"""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's

from keylane import Fatal, Retry
from lyceum_allocation import Contended
from lyceum_contracts import ContractError
from lyceum_database import AccessDenied, InvalidRecord, NotConnected, StaleVersion, Unavailable

OUTAGES: tuple[type[Exception], ...] = (Unavailable, AccessDenied, NotConnected)
"""The database is away, or refuses this program: the run is repeated, unready, and counts as no attempt.

Refused credentials are here too: every event would fail alike, and none of them is at fault.
"""


class WorkerError(Exception):
    """Root of this program's errors."""


class AllocationServiceNotInitialized(WorkerError):
    """An event was handled before `initialize()`, or after `shutdown()`."""


def verdict(error: Exception) -> Exception:
    """Say what an error means to the runtime: the one table from error class to outcome.

    - the event broke its contract, or asks for a document that cannot be: the dead letters at once, with the field
    - too many writers at one document: again soon, not counted
    - everything else: as it is; `OUTAGES` are repeated uncounted, the rest are failed attempts
    """
    if isinstance(error, ContractError | InvalidRecord):
        return Fatal(str(error))
    if isinstance(error, Contended | StaleVersion):
        return Retry(str(error), counted=False)
    return error
