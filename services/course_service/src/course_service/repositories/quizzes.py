"""The door to quizzes."""

from course_service.models.quiz import Quiz
from lyceum_database import Clock, Repository, utc_now
from lyceum_database.repository import PAGE


class QuizRepository(Repository[Quiz]):
    """Quizzes, found by id or by course."""

    def __init__(self, *, clock: Clock = utc_now) -> None:
        super().__init__(Quiz, clock=clock)

    def of_course(self, course_id: str, *, org_id: str, after_id: str | None = None, limit: int = PAGE) -> list[Quiz]:
        """Return the course's quizzes, in order of id."""
        return self.list_(course_id=course_id, org_id=org_id, after_id=after_id, limit=limit)

    def of_lesson(self, course_id: str, lesson_id: str, *, org_id: str) -> list[Quiz]:
        """Return all quizzes of one lesson, in order of id."""
        return self._select(order="pk", course_id=course_id, lesson_id=lesson_id, org_id=org_id)
