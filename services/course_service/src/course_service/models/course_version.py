"""A published state of a course."""

from typing import Any, ClassVar

from mongoengine.fields import DictField, ListField, StringField

from lyceum_database import IdField, Record, UniqueKey, WholeField


class CourseVersion(Record):
    """Numbered, and never changed: who bought or attends a version finds it as it was.

    One that no course names as `published_version` was left behind by a publisher who died, or was slower than another;
    nobody but authors can read it, and the next publication of the same contents takes it up.

    Attributes:
        sections: as in `Course.draft`.
        sha256: of the contents; see `course_service.courses.content`.
        made_by: user id of whoever published it.
    """

    course_id: str = IdField(required=True, references="Course")
    number: int = WholeField(required=True, min_value=1)
    version_key: str | None = UniqueKey("course_id", "number")
    title: str = StringField(required=True, min_length=1, max_length=200)
    summary: str = StringField(default="", max_length=2000)
    subject: str = StringField(required=True, min_length=1, max_length=64)
    languages: list[str] = ListField(StringField(min_length=2, max_length=35))
    price_minor: int = WholeField(required=True, min_value=0)
    currency: str = StringField(required=True, regex=r"\A[A-Z]{3}\Z")
    sections: list[dict[str, Any]] = ListField(DictField())
    sha256: str = StringField(required=True, regex=r"\A[0-9a-f]{64}\Z")
    made_by: str = IdField(required=True, references="User")

    meta: ClassVar[dict[str, Any]] = {"collection": "course_versions"}
