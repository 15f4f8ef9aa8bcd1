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


class PurchaseStatus(StrEnum):
    """created -> paid -> part_refunded -> refunded; created -> failed -> paid, as a payment may be tried again."""

    CREATED = "created"
    FAILED = "failed"
    PAID = "paid"
    PART_REFUNDED = "part_refunded"
    REFUNDED = "refunded"


class RefundStatus(StrEnum):
    """requested -> accepted (the provider gives it back) -> failed (it came back to us); or refused."""

    REQUESTED = "requested"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    FAILED = "failed"


class EnrolmentStatus(StrEnum):
    """none (only heard of by an allocation) -> active <-> ended."""

    NONE = "none"
    ACTIVE = "active"
    ENDED = "ended"


class PaymentEventKind(StrEnum):
    """What an event of a payment provider means to us."""

    PAID = "paid"
    FAILED = "failed"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    OTHER = "other"


class WebhookStatus(StrEnum):
    """received -> done; or dead, which a person has to look at."""

    RECEIVED = "received"
    DONE = "done"
    DEAD = "dead"


class LessonKind(StrEnum):
    """What a lesson is: a text of its own, or one of the things that are kept apart and named by id."""

    VIDEO = "video"
    MATERIAL = "material"
    QUIZ = "quiz"
    EXAM = "exam"
    TEXT = "text"


class CourseView(StrEnum):
    """Which state of a course is shown."""

    DRAFT = "draft"
    PUBLISHED = "published"


class CourseSort(StrEnum):
    """The order of a list of courses."""

    NEWEST = "newest"
    TITLE = "title"
    PRICE = "price"
    PRICE_DOWN = "-price"
