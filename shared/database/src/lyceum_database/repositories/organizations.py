"""The door to organizations."""

from lyceum_database.clock import Clock, utc_now
from lyceum_database.models.organization import Organization
from lyceum_database.repository import Repository


class OrganizationRepository(Repository[Organization]):
    """Organizations, found by id or by the name that their address carries."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Organization, clock=clock)

    def by_slug(self, slug: str) -> Organization | None:
        """Return the organization with this slug, or None."""
        return self._first(slug=slug)
