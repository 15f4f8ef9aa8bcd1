"""The one AllocationService of this process: every attempt at every event uses the same instance."""

from allocation_worker.errors import AllocationServiceNotInitialized
from lyceum_allocation import AllocationService


class ServiceHolder:
    """Holds the service between `initialize()` and `shutdown()`."""

    def __init__(self) -> None:
        self._service: AllocationService | None = None

    def hold(self, service: AllocationService) -> None:
        """Keep this instance from now on."""
        self._service = service

    def drop(self) -> None:
        """Keep none."""
        self._service = None

    def get(self) -> AllocationService:
        """Return the instance.

        Raises:
            AllocationServiceNotInitialized: there is none.
        """
        if self._service is None:
            raise AllocationServiceNotInitialized("AllocationService not initialized")
        return self._service
