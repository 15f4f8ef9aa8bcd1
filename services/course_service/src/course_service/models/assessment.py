"""What quizzes and exams have in common."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import EmbeddedDocumentField, EmbeddedDocumentListField, StringField

from course_service.models.assessment_slot import AssessmentSlot
from course_service.models.review_matrix import ReviewMatrix
from course_service.states import AssessmentStatus, GradingMethod, Navigation, OverduePolicy
from lyceum_database import FlagField, IdField, MomentField, Record, StateField, WholeField, refusal

GRACE_S = 10  # seconds for the network after a deadline (reference R1)


class Assessment(Record):
    """Slots, limits, windows and policies; what a learner gets is a snapshot of them, taken when the attempt starts.

    `limit_s` and the other durations are in seconds. `max_attempts` of None means without limit. Closing does not cut a
    running attempt unless `hard_close`.
    """

    course_id: str = IdField(required=True, references="Course")
    lesson_id: str | None = IdField()
    title: str = StringField(required=True, min_length=1, max_length=200)
    slots: list[AssessmentSlot] = EmbeddedDocumentListField(AssessmentSlot, max_length=500)
    shuffle: bool = FlagField(default=False)
    limit_s: int | None = WholeField(min_value=1, max_value=7 * 24 * 3600)
    opens_at: datetime | None = MomentField()
    closes_at: datetime | None = MomentField()
    hard_close: bool = FlagField(default=False)
    max_attempts: int | None = WholeField(min_value=1)
    method: str = StateField(GradingMethod, default=GradingMethod.HIGHEST, required=True)
    negative_marks: bool = FlagField(default=False)
    review: ReviewMatrix = EmbeddedDocumentField(ReviewMatrix, default=ReviewMatrix, required=True)
    overdue: str = StateField(OverduePolicy, default=OverduePolicy.AUTOSUBMIT, required=True)
    grace_s: int = WholeField(required=True, default=GRACE_S, min_value=0, max_value=24 * 3600)
    navigation: str = StateField(Navigation, default=Navigation.FREE, required=True)
    status: str = StateField(AssessmentStatus, default=AssessmentStatus.DRAFT, required=True)

    meta: ClassVar[dict[str, Any]] = {"abstract": True}

    def clean(self) -> None:
        """The window opens before it closes, and every slot has its own number."""
        super().clean()
        if self.opens_at is not None and self.closes_at is not None and self.opens_at >= self.closes_at:
            raise refusal("closes_at", "must be later than opens_at")
        if len({slot.slot for slot in self.slots}) != len(self.slots):
            raise refusal("slots", "two slots have the same number")
