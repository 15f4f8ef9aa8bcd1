"""What is taught and sold."""

from typing import Any, ClassVar

from mongoengine.fields import DictField, ListField, StringField

from lyceum_database.documents import Record
from lyceum_database.fields import IdField, StateField, UniqueKey, WholeField
from lyceum_database.states import CourseStatus


class Course(Record):
    """A course as its authors edit it; what learners see is the published version with number `published_version`."""

    slug: str = StringField(required=True, regex=r"\A[a-z0-9](?:[a-z0-9-]{0,98}[a-z0-9])?\Z")
    slug_key: str | None = UniqueKey("org_id", "slug")
    title: str = StringField(required=True, min_length=1, max_length=200)
    summary: str = StringField(default="", max_length=2000)
    subject: str = StringField(required=True, min_length=1, max_length=64)
    languages: list[str] = ListField(StringField(min_length=2, max_length=35))
    trainer_ids: list[str] = ListField(IdField(references="User"))
    price_minor: int = WholeField(required=True, default=0, min_value=0)
    currency: str = StringField(required=True, default="EUR", regex=r"\A[A-Z]{3}\Z")
    draft: dict[str, Any] = DictField()
    published_version: int | None = WholeField(min_value=1)
    status: str = StateField(CourseStatus, default=CourseStatus.DRAFT, required=True)

    meta: ClassVar[dict[str, Any]] = {"collection": "courses", "indexes": [("subject", "languages", "status")]}
