"""The door to courses."""

from lyceum_database.clock import Clock, utc_now
from lyceum_database.documents import DEFAULT_ORG
from lyceum_database.models.course import Course
from lyceum_database.repository import PAGE, Repository
from lyceum_database.states import CourseStatus


class CourseRepository(Repository[Course]):
    """Courses, found by id, by slug in their organization, or in the catalogue."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Course, clock=clock)

    def by_slug(self, slug: str, *, org_id: str = DEFAULT_ORG) -> Course | None:
        """Return the organization's course with this slug, or None."""
        return self._first(org_id=org_id, slug=slug)

    def catalogue(
        self,
        *,
        org_id: str = DEFAULT_ORG,
        subject: str | None = None,
        language: str | None = None,
        after_id: str | None = None,
        limit: int = PAGE,
    ) -> list[Course]:
        """Return published courses, narrowed by subject and language where given, in order of id."""
        wanted = {"subject": subject, "languages": language}
        chosen = {name: value for name, value in wanted.items() if value is not None}
        status = CourseStatus.PUBLISHED.value
        return self.list_(org_id=org_id, status=status, after_id=after_id, limit=limit, **chosen)
