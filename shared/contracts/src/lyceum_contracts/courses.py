"""Courses: what learners can find and buy, and since when they no longer can."""

from typing import ClassVar

from lyceum_contracts.event import Event
from lyceum_contracts.fields import Count, Id, Moment, SubjectName, Text
from lyceum_contracts.topics import COURSE_ARCHIVED, COURSE_PUBLISHED

__all__ = ["CourseArchived", "CoursePublished"]


class CoursePublished(Event):
    """Learners see this version of the course from now on."""

    type: ClassVar[str] = COURSE_PUBLISHED

    course_id: Id
    version: Count
    """Its number; a later publication has a higher one, not always the next."""
    title: Text
    subject: SubjectName
    published_at: Moment


class CourseArchived(Event):
    """The course is sold no longer, for good. Whoever bought it keeps the last version."""

    type: ClassVar[str] = COURSE_ARCHIVED

    course_id: Id
    version: Count | None = None
    """The last published one; none for a course that never was."""
    archived_at: Moment
