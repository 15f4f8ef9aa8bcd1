"""Who sees what of a course."""

from dataclasses import dataclass
from datetime import datetime

from course_service.courses import rules
from course_service.courses.attendance import Attendance
from course_service.courses.content import Content, read
from course_service.courses.drafts import draft_of
from course_service.courses.repository import CourseStore, CourseVersions
from course_service.models import CourseVersion
from course_service.states import CourseView
from lyceum_database import Course, NotFound
from lyceum_database.states import CourseStatus
from lyceum_web.security import Forbidden, Principal


@dataclass(frozen=True, slots=True)
class SeenCourse:
    """A course as one person sees it.

    Attributes:
        content: of the draft or of the published version.
        published_at: of the published version, if there is one.
        opened: whether all lessons are shown, not the free ones alone.
    """

    course: Course
    view: CourseView
    content: Content
    published_at: datetime | None
    opened: bool = True

    @property
    def tag(self) -> str:
        """The entity tag: what is shown depends on who looks, too."""
        if self.view is CourseView.DRAFT:
            return str(self.course.version)
        return f"{self.course.version}-{'all' if self.opened else 'free'}"


@dataclass(frozen=True, slots=True)
class SeenVersion:
    """A version as one person sees it."""

    version: CourseVersion
    content: Content
    opened: bool


class CourseReading:
    """Shows courses: learners see what is published, and all of it once they have bought it."""

    def __init__(self, courses: CourseStore, versions: CourseVersions, attendance: Attendance) -> None:
        self._courses = courses
        self._versions = versions
        self._attendance = attendance

    def get(self, course_id: str, who: Principal) -> Course:
        """Return a course that somebody may see: its draft, or as a learner.

        Raises:
            NotFound: there is none, or none for them: a draft, or an archived course that they do not attend.
        """
        return self._visible(self._courses.get(course_id, org_id=who.org_id), who)

    def see(self, course_id: str, who: Principal, view: CourseView | None = None) -> SeenCourse:
        """Return one view of a course; without one, what somebody is most concerned with.

        Raises:
            NotFound: as `get`, or nothing is published yet.
            Forbidden: the draft is not theirs to see.
        """
        course = self._head(course_id, who)
        authored = rules.sees_draft(course, who)
        if view is CourseView.DRAFT and not authored:
            raise Forbidden(rules.PUBLISH)
        if authored and view is not CourseView.PUBLISHED:
            return self.drafted(self.get(course_id, who))
        return self._published(course, opened=authored or self._attends(course, who))

    def drafted(self, course: Course) -> SeenCourse:
        """Show the draft."""
        return SeenCourse(course, CourseView.DRAFT, draft_of(course), _since(course))

    def published(self, course: Course) -> SeenCourse:
        """Show what is published, to somebody who may see all of it."""
        return self._published(course, opened=True)

    def version(self, course_id: str, number: int, who: Principal) -> SeenVersion:
        """Return a version: to learners the published one only.

        Raises:
            NotFound: there is none, or none for them.
        """
        course = self._head(course_id, who)
        authored = rules.sees_draft(course, who)
        if not authored and number != course.published_version:
            raise _nothing(course_id)
        found = self._versions.find(course_id, number)
        if found is None:
            raise _nothing(course_id)
        opened = authored or self._attends(course, who)
        return SeenVersion(found, content_of(found), opened)

    def _published(self, course: Course, *, opened: bool) -> SeenCourse:
        number = course.published_version
        found = None if number is None else self._versions.find(course.id, number)
        if found is None:
            raise _nothing(course.id)
        return SeenCourse(course, CourseView.PUBLISHED, content_of(found), _since(course), opened=opened)

    def _head(self, course_id: str, who: Principal) -> Course:
        """The course without its draft, which most do not need."""
        return self._visible(self._courses.head(course_id, org_id=who.org_id), who)

    def _visible(self, course: Course, who: Principal) -> Course:
        if rules.sees_draft(course, who) or self._is_shown(course, who):
            return course
        raise _nothing(course.id)

    def _is_shown(self, course: Course, who: Principal) -> bool:
        if course.status == CourseStatus.PUBLISHED.value:
            return True
        return course.published_version is not None and self._attends(course, who)

    def _attends(self, course: Course, who: Principal) -> bool:
        return self._attendance.attends(course.org_id, who.user_id, course.id)


def content_of(version: CourseVersion) -> Content:
    """Return what a version holds."""
    return Content.of(version, read(version.sections))


def _since(course: Course) -> datetime | None:
    return None if course.listed is None else course.listed.published_at


def _nothing(course_id: str) -> NotFound:
    return NotFound(f"no Course {course_id}", model=Course.__name__, record_id=course_id)
