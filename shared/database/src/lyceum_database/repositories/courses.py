"""The door to courses."""

from lyceum_database.clock import Clock, utc_now
from lyceum_database.documents import DEFAULT_ORG
from lyceum_database.models.course import Course
from lyceum_database.repository import Repository


class CourseRepository(Repository[Course]):
    """Courses, found by id or by slug in their organization. The course service alone writes and lists them."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Course, clock=clock)

    def by_slug(self, slug: str, *, org_id: str = DEFAULT_ORG) -> Course | None:
        """Return the organization's course with this slug, or None."""
        return self._first(org_id=org_id, slug=slug)
