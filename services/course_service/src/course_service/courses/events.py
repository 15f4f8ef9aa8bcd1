"""What a course tells the world."""

from datetime import datetime

from course_service.models import CourseVersion
from lyceum_contracts import CourseArchived, CoursePublished
from lyceum_database import Course


def published(version: CourseVersion, at: datetime) -> CoursePublished:
    """Tell that learners see this version now."""
    return CoursePublished.parse(
        {
            "course_id": version.course_id,
            "version": version.number,
            "title": version.title,
            "subject": version.subject,
            "published_at": at,
        }
    )


def archived(course: Course, at: datetime) -> CourseArchived:
    """Tell that the course is over."""
    last = {} if course.published_version is None else {"version": course.published_version}
    return CourseArchived.parse({"course_id": course.id, "archived_at": at, **last})
