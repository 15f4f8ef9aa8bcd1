"""The doors to courses and to their versions."""

from course_service.changes import ChangingRepository
from course_service.models import CourseVersion
from lyceum_database import Clock, Course, Repository, translated_errors, utc_now
from lyceum_database.keys import compose


class CourseStore(ChangingRepository[Course]):
    """Courses, found by id or slug, changed together with the events that report it."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Course, clock=clock)

    def head(self, course_id: str, *, org_id: str) -> Course:
        """Return a course without its draft, which is large; not to be saved.

        Raises:
            NotFound: the organization has none of this id.
        """
        with translated_errors():
            found: Course | None = Course.objects(pk=course_id, org_id=org_id).exclude("draft", "outbox").first()
        if found is None:
            raise self._not_found(course_id)
        return found

    def by_slug(self, slug: str, *, org_id: str) -> Course | None:
        """Return the organization's course with this slug."""
        return self._first(slug_key=compose(org_id, slug))

    def by_slugs(self, slugs: list[str], *, org_id: str) -> list[Course]:
        """Return those of these courses that the organization has."""
        return self._select(order="pk", slug_key__in=[compose(org_id, slug) for slug in slugs])


class CourseVersions:
    """Published contents: added and read, never changed nor taken away."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        self._kept = _Versions(CourseVersion, clock=clock)

    def add(self, version: CourseVersion) -> CourseVersion:
        """Store a version under its number.

        Raises:
            Duplicate: the number is taken.
        """
        return self._kept.insert(version)

    def find(self, course_id: str, number: int) -> CourseVersion | None:
        """Return a version of a course, or None."""
        return self._kept.numbered(course_id, number)

    def head(self, course_id: str, number: int) -> CourseVersion | None:
        """Return a version without its sections, or None."""
        return self._kept.headed(course_id, number)


class _Versions(Repository[CourseVersion]):
    def numbered(self, course_id: str, number: int) -> CourseVersion | None:
        return self._first(version_key=compose(course_id, str(number)))

    def headed(self, course_id: str, number: int) -> CourseVersion | None:
        with translated_errors():
            found = CourseVersion.objects(version_key=compose(course_id, str(number))).exclude("sections").first()
        head: CourseVersion | None = found
        return head
