"""What is taught and sold."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import DictField, EmbeddedDocumentField, ListField, StringField

from lyceum_database.documents import Record
from lyceum_database.fields import IdField, MomentField, StateField, UniqueKey, WholeField
from lyceum_database.models.course_listing import CourseListing
from lyceum_database.states import CourseStatus


class Course(Record):
    """A course as its authors edit it; what learners see is the published version with number `published_version`.

    Attributes:
        draft: sections with their lessons.
        drafted: the draft as its authors find it in a list.
        listed: the published version as learners find it; written together with `published_version`.
    """

    slug: str = StringField(required=True, regex=r"\A[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?\Z")
    slug_key: str | None = UniqueKey("org_id", "slug")
    title: str = StringField(required=True, min_length=1, max_length=200)
    summary: str = StringField(default="", max_length=2000)
    subject: str = StringField(required=True, min_length=1, max_length=64)
    languages: list[str] = ListField(StringField(min_length=2, max_length=35))
    owner_id: str | None = IdField(references="User")
    trainer_ids: list[str] = ListField(IdField(references="User"))
    price_minor: int = WholeField(required=True, default=0, min_value=0)
    currency: str = StringField(required=True, default="EUR", regex=r"\A[A-Z]{3}\Z")
    draft: dict[str, Any] = DictField()
    drafted: CourseListing | None = EmbeddedDocumentField(CourseListing)
    published_version: int | None = WholeField(min_value=1)
    listed: CourseListing | None = EmbeddedDocumentField(CourseListing)
    status: str = StateField(CourseStatus, default=CourseStatus.DRAFT, required=True)
    outbox: list[dict[str, Any]] = ListField(DictField())
    outbox_due: datetime | None = MomentField()

    meta: ClassVar[dict[str, Any]] = {
        "collection": "courses",
        "indexes": [
            ("org_id", "status", "-listed.published_at", "id"),
            ("org_id", "status", "listed.subject_key", "id"),
            ("org_id", "listed.tokens"),
            ("org_id", "drafted.tokens"),
            ("org_id", "owner_id"),
            ("org_id", "trainer_ids"),
            {"fields": ["outbox_due"], "sparse": True},
        ],
    }
