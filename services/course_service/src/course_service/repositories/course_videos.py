"""The door to videos."""

from course_service.models.course_video import CourseVideo
from lyceum_database import Clock, Repository, utc_now
from lyceum_database.repository import PAGE


class CourseVideoRepository(Repository[CourseVideo]):
    """Videos, found by id or by course."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(CourseVideo, clock=clock)

    def of_course(
        self, course_id: str, *, org_id: str, after_id: str | None = None, limit: int = PAGE
    ) -> list[CourseVideo]:
        """Return the course's videos, in order of id."""
        return self.list_(course_id=course_id, org_id=org_id, after_id=after_id, limit=limit)

    def of_lesson(self, course_id: str, lesson_id: str, *, org_id: str) -> list[CourseVideo]:
        """Return all videos of one lesson, in order of id."""
        return self._select(order="pk", course_id=course_id, lesson_id=lesson_id, org_id=org_id)
