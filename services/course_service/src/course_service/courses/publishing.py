"""From a draft to an immutable version, without a transaction."""

from course_service.changes import Change
from course_service.courses import events, rules
from course_service.courses.content import Content, stored
from course_service.courses.drafts import draft_of
from course_service.courses.listing import listing_of
from course_service.courses.repository import CourseStore, CourseVersions
from course_service.models import CourseVersion
from lyceum_database import Clock, Contended, Course, Duplicate, utc_now
from lyceum_database.states import CourseStatus

TRIES = 1000
"""Numbers in a row that others may have taken: each was a publication that lost a race, or died, since the last."""


class Publishing:
    """First stores the version, then points the course at it, in one write with the event and the catalogue's line.

    Whoever dies in between leaves a version that nobody refers to: the same contents take it up later, others step
    over it. Whoever finds the course changed meanwhile has published nothing.
    """

    def __init__(self, courses: CourseStore, versions: CourseVersions, *, clock: Clock = utc_now) -> None:
        self._courses = courses
        self._versions = versions
        self._clock = clock

    def publish(self, course: Course, *, by: str) -> bool:
        """Publish the draft of a course as it was read.

        Returns:
            False if somebody changed the course meanwhile: read it again.

        Raises:
            Archived, NotPublishable: it may not be so.
        """
        rules.check_open(course)
        content = draft_of(course)
        rules.check_publishable(content)
        if self._is_published(course, content):
            return True
        version = self._numbered(course, content, by)
        now = self._clock()
        fields = {
            "status": CourseStatus.PUBLISHED.value,
            "published_version": version.number,
            "listed": listing_of(content, number=version.number, published_at=now),
        }
        return self._courses.change(course, Change(fields, (events.published(version, now),)))

    def _is_published(self, course: Course, content: Content) -> bool:
        if course.status != CourseStatus.PUBLISHED.value or course.published_version is None:
            return False
        current = self._versions.head(course.id, course.published_version)
        return current is not None and current.sha256 == content.sha256

    def _numbered(self, course: Course, content: Content, by: str) -> CourseVersion:
        """Store the contents under the first number that is free, or find them under one that nobody refers to."""
        first = (course.published_version or 0) + 1
        for number in range(first, first + TRIES):
            try:
                return self._versions.add(_version(course, number, content, by))
            except Duplicate:
                taken = self._versions.head(course.id, number)
                if taken is not None and taken.sha256 == content.sha256:
                    return taken
        raise Contended


def _version(course: Course, number: int, content: Content, by: str) -> CourseVersion:
    return CourseVersion(
        org_id=course.org_id,
        course_id=course.id,
        number=number,
        title=content.title,
        summary=content.summary,
        subject=content.subject,
        languages=list(content.languages),
        price_minor=content.price_minor,
        currency=content.currency,
        sections=stored(content.sections),
        sha256=content.sha256,
        made_by=by,
    )
