"""A supervised test."""

from typing import Any, ClassVar

from mongoengine.fields import ListField, StringField

from course_service.models.assessment import Assessment
from course_service.states import Navigation
from lyceum_database import StateField, WholeField, refusal


class Exam(Assessment):
    """Taken once, in a window, question by question, behind an access code, where wanted from certain networks."""

    max_attempts: int = WholeField(required=True, default=1, min_value=1, max_value=1)
    navigation: str = StateField(Navigation, default=Navigation.SEQUENTIAL, required=True)
    access_code_hash: str | None = StringField()
    # Networks in CIDR notation; 49 is the length of the longest IPv6 prefix.
    networks: list[str] = ListField(StringField(min_length=1, max_length=49))

    meta: ClassVar[dict[str, Any]] = {"collection": "exams", "indexes": [("course_id", "lesson_id")]}

    def clean(self) -> None:
        """An exam has a window."""
        super().clean()
        if self.opens_at is None or self.closes_at is None:
            raise refusal("closes_at", "an exam needs a window: opens_at and closes_at")
