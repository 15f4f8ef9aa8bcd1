"""A PDF of a course."""

from typing import Any, ClassVar

from mongoengine.fields import StringField

from course_service.states import MaterialStatus
from lyceum_database import IdField, Record, StateField, WholeField


class PdfMaterial(Record):
    """Announced, uploaded, checked. `checksum` is the SHA-256 of the bytes in hex; encrypted files are rejected."""

    course_id: str = IdField(required=True, references="Course")
    lesson_id: str | None = IdField()
    title: str = StringField(required=True, min_length=1, max_length=200)
    media_id: str | None = IdField()
    size_bytes: int | None = WholeField(min_value=0)
    pages: int | None = WholeField(min_value=1)
    checksum: str | None = StringField(regex=r"\A[0-9a-f]{64}\Z")
    reason: str | None = StringField(max_length=500)
    status: str = StateField(MaterialStatus, default=MaterialStatus.ANNOUNCED, required=True)

    meta: ClassVar[dict[str, Any]] = {"collection": "pdf_materials", "indexes": [("course_id", "lesson_id")]}
