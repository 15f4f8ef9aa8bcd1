"""A test that learners take by themselves."""

from typing import Any, ClassVar

from course_service.models.assessment import Assessment


class Quiz(Assessment):
    """Open to as many attempts as it says."""

    meta: ClassVar[dict[str, Any]] = {"collection": "quizzes", "indexes": [("course_id", "lesson_id")]}
