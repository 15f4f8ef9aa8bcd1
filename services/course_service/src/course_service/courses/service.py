"""Making and changing courses."""

from collections.abc import Callable, Mapping
from typing import Any

from course_service.changes import Change
from course_service.courses import events, rules
from course_service.courses.drafts import NewCourse, course_of, edited
from course_service.courses.exceptions import NotYours, SlugTaken
from course_service.courses.publishing import Publishing
from course_service.courses.reading import CourseReading
from course_service.courses.repository import CourseStore
from lyceum_database import Clock, Course, Duplicate, until_settled, utc_now
from lyceum_database.states import CourseStatus
from lyceum_web.security import Principal

Precondition = Callable[[int], None]
"""Refuses versions of a course that the caller has not seen."""


class CourseService:
    """Courses as their authors and managers work on them.

    Every change is told which versions of the course its caller has seen, applies to one of them or not at all, and
    is one write.

    Args:
        courses: where they are kept.
        reading: tells who sees what.
        publishing: makes versions of drafts.
        clock: tells the time.
    """

    def __init__(
        self, *, courses: CourseStore, reading: CourseReading, publishing: Publishing, clock: Clock = utc_now
    ) -> None:
        self._courses = courses
        self._reading = reading
        self._publishing = publishing
        self._clock = clock

    def create(self, course_id: str, wanted: NewCourse, who: Principal) -> Course:
        """Make a course of this id, as somebody's own.

        Raises:
            SlugTaken: the organization has one with this slug.
            UnfitTree: its sections break a rule.
            Duplicate: there is a course of this id.
        """
        course = course_of(wanted, course_id=course_id, org_id=who.org_id, owner_id=who.user_id)
        try:
            return self._courses.insert(course)
        except Duplicate as exc:
            if exc.record_id == course_id:
                raise
            raise SlugTaken from exc

    def change(self, course_id: str, changes: Mapping[str, Any], who: Principal, seen: Precondition) -> Course:
        """Change the draft, or who teaches, as `drafts.edited` says; what says nothing new is no change.

        Raises:
            NotFound, NotYours, Archived, SlugFixed, SlugTaken, UnfitTree: it may not be so.
        """

        def attempt() -> Course | None:
            course = self._open_to(course_id, who, seen)
            fields = edited(course, changes, who)
            return course if not fields or self._written(course, Change(fields)) else None

        return until_settled(attempt)

    def publish(self, course_id: str, who: Principal, seen: Precondition) -> Course:
        """Make the draft what learners see; once more the same contents are the same version, and no event.

        Raises:
            NotFound, Archived, NotPublishable: it may not be so.
        """

        def attempt() -> Course | None:
            course = self._reading.get(course_id, who)
            seen(course.version)
            return course if self._publishing.publish(course, by=who.user_id) else None

        return until_settled(attempt)

    def archive(self, course_id: str, who: Principal, seen: Precondition) -> Course:
        """End the sale of a course, for good; it stays with those who bought it.

        Raises:
            NotFound, NotYours: it may not be so.
        """

        def attempt() -> Course | None:
            course = self._reading.get(course_id, who)
            if not rules.governs(course, who):
                raise NotYours(f"a course is archived by its owner, or by somebody with {rules.MANAGE}")
            if course.status == CourseStatus.ARCHIVED.value:
                return course
            seen(course.version)
            told = events.archived(course, self._clock())
            return course if self._courses.change(course, Change({"status": "archived"}, (told,))) else None

        return until_settled(attempt)

    def _open_to(self, course_id: str, who: Principal, seen: Precondition) -> Course:
        course = self._reading.get(course_id, who)
        if not rules.edits(course, who):
            raise NotYours("this course is changed by its owner and its trainers")
        seen(course.version)
        return course

    def _written(self, course: Course, change: Change) -> bool:
        try:
            return self._courses.change(course, change)
        except Duplicate as exc:
            raise SlugTaken from exc
