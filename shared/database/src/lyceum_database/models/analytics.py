"""What happened, for counting; who did it is a pseudonym."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import DictField, StringField

from lyceum_database.documents import Record
from lyceum_database.fields import IdField, MomentField

KEPT_FOR_S = 90 * 24 * 3600  # raw events live 90 days, then only daily figures remain (reference: raw 90 d -> rollup)


class Analytics(Record):
    """One raw event, stored once however often it was delivered."""

    event_id: str = IdField(required=True, unique=True)
    actor: str = StringField(required=True, min_length=1, max_length=64)
    verb: str = StringField(required=True, min_length=1, max_length=64)
    object_id: str | None = IdField()
    course_id: str | None = IdField(references="Course")
    at: datetime = MomentField(required=True)
    props: dict[str, Any] = DictField()

    meta: ClassVar[dict[str, Any]] = {
        "collection": "analytics",
        "indexes": [("course_id", "verb", "at"), {"fields": ["at"], "expireAfterSeconds": KEPT_FOR_S}],
    }
