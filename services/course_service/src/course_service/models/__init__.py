"""The documents of this service. Static imports only: every model is registered when this package is imported."""

from course_service.models.assessment import Assessment
from course_service.models.assessment_slot import AssessmentSlot
from course_service.models.course_version import CourseVersion
from course_service.models.course_video import CourseVideo
from course_service.models.enrolment import Enrolment
from course_service.models.exam import Exam
from course_service.models.pdf_material import PdfMaterial
from course_service.models.purchase import Purchase
from course_service.models.purchase_refund import PurchaseRefund
from course_service.models.quiz import Quiz
from course_service.models.review_matrix import ReviewMatrix
from course_service.models.video_caption import VideoCaption
from course_service.models.video_rendition import VideoRendition
from course_service.models.webhook_event import WebhookEvent

__all__ = [
    "Assessment",
    "AssessmentSlot",
    "CourseVersion",
    "CourseVideo",
    "Enrolment",
    "Exam",
    "PdfMaterial",
    "Purchase",
    "PurchaseRefund",
    "Quiz",
    "ReviewMatrix",
    "VideoCaption",
    "VideoRendition",
    "WebhookEvent",
]
