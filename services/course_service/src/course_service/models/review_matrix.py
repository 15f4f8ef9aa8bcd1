"""When a learner may see what of an attempt."""

from mongoengine.fields import ListField

from course_service.states import ReviewItem
from lyceum_database import StateField, refusal
from modelguard import EmbeddedDocument


class ReviewMatrix(EmbeddedDocument):
    """What may be shown during an attempt, just after it, later while the quiz is open, and after it closed.

    Nothing that gives a key away is shown during an attempt: `clean` refuses it.
    """

    during: list[str] = ListField(StateField(ReviewItem))
    just_after: list[str] = ListField(StateField(ReviewItem), default=lambda: [ReviewItem.RESPONSE.value])
    later: list[str] = ListField(StateField(ReviewItem), default=lambda: [ReviewItem.RESPONSE.value])
    after_close: list[str] = ListField(StateField(ReviewItem), default=lambda: [item.value for item in ReviewItem])

    def clean(self) -> None:
        """While an attempt runs, only the learner's own answers may be shown."""
        if set(self.during) - {ReviewItem.RESPONSE}:
            raise refusal("during", "only the response may be shown while an attempt runs")
