"""What can go wrong in this program.

WorkerError
└── AllocationServiceNotInitialized   an event was handled before initialize()
"""

# ruff: noqa: N818 - each name answers "what happened?"; a suffix would repeat the root's


class WorkerError(Exception):
    """Root of this program's errors."""


class AllocationServiceNotInitialized(WorkerError):
    """An event was handled before `initialize()`, or after `shutdown()`."""
