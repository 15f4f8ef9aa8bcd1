"""The words that course documents use for their states, kinds and policies; text in the database."""

from enum import StrEnum


class AssessmentStatus(StrEnum):
    """draft -> open -> closed."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class GradingMethod(StrEnum):
    """Which of several attempts counts."""

    HIGHEST = "highest"
    AVERAGE = "average"
    FIRST = "first"
    LAST = "last"


class OverduePolicy(StrEnum):
    """What happens to an attempt that nobody submitted by its deadline."""

    AUTOSUBMIT = "autosubmit"
    GRACE = "grace"
    ABANDON = "abandon"


class Navigation(StrEnum):
    """Whether a learner may go back to a question."""

    FREE = "free"
    SEQUENTIAL = "sequential"


class ReviewItem(StrEnum):
    """What of an attempt may be shown; feedback and explanations count as keys."""

    RESPONSE = "response"
    MARKS = "marks"
    RIGHT_ANSWER = "right_answer"
    FEEDBACK = "feedback"


class VideoStatus(StrEnum):
    """announced -> uploading -> scanning -> transcoding (videos) -> ready; or rejected."""

    ANNOUNCED = "announced"
    UPLOADING = "uploading"
    SCANNING = "scanning"
    TRANSCODING = "transcoding"
    READY = "ready"
    REJECTED = "rejected"


class MaterialStatus(StrEnum):
    """announced -> uploading -> scanning -> ready; or rejected."""

    ANNOUNCED = "announced"
    UPLOADING = "uploading"
    SCANNING = "scanning"
    READY = "ready"
    REJECTED = "rejected"
