"""A video of a course."""

from typing import Any, ClassVar

from mongoengine.fields import EmbeddedDocumentListField, StringField

from course_service.models.video_caption import VideoCaption
from course_service.models.video_rendition import VideoRendition
from course_service.states import VideoStatus
from lyceum_database import IdField, Record, StateField, UniqueKey, WholeField


class CourseVideo(Record):
    """Announced, uploaded, checked, transcoded. A course holds the same bytes once.

    `checksum` is their SHA-256 in hex.
    """

    course_id: str = IdField(required=True, references="Course")
    lesson_id: str | None = IdField()
    title: str = StringField(required=True, min_length=1, max_length=200)
    media_id: str | None = IdField()
    size_bytes: int | None = WholeField(min_value=0)
    duration_ms: int | None = WholeField(min_value=0)
    checksum: str | None = StringField(regex=r"\A[0-9a-f]{64}\Z")
    checksum_key: str | None = UniqueKey("org_id", "course_id", "checksum")
    renditions: list[VideoRendition] = EmbeddedDocumentListField(VideoRendition, max_length=20)
    captions: list[VideoCaption] = EmbeddedDocumentListField(VideoCaption, max_length=100)
    reason: str | None = StringField(max_length=500)
    status: str = StateField(VideoStatus, default=VideoStatus.ANNOUNCED, required=True)

    meta: ClassVar[dict[str, Any]] = {"collection": "course_videos", "indexes": [("course_id", "lesson_id")]}
