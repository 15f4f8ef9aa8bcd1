"""The door to service accounts."""

from lyceum_database.clock import Clock, utc_now
from lyceum_database.models.service import Service
from lyceum_database.repository import Repository


class ServiceRepository(Repository[Service]):
    """Service accounts, found by id or by name."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Service, clock=clock)

    def by_name(self, name: str) -> Service | None:
        """Return the service account of this name, or None."""
        return self._first(name=name)
