"""A customer: a school, a company, or the platform's own default."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import DictField, MapField, StringField

from lyceum_database.documents import Record
from lyceum_database.fields import IdField, MomentField, StateField, WholeField
from lyceum_database.states import OrganizationStatus


class Organization(Record):
    """Whose documents are kept apart from everybody else's. Its `id` is the `org_id` of those documents.

    Whoever takes an administrator away holds `admin_turn` until `admin_turn_until`, so that two who take each other
    away do so one after the other, and the second finds that one has to stay.
    """

    slug: str = StringField(required=True, unique=True, regex=r"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
    name: str = StringField(required=True, min_length=1, max_length=200)
    settings: dict[str, Any] = DictField()
    plan: str = StringField(default="free", max_length=64)
    limits: dict[str, int] = MapField(WholeField(min_value=0))
    status: str = StateField(OrganizationStatus, default=OrganizationStatus.ACTIVE, required=True)
    created_by: str | None = IdField(references="User")
    admin_turn: str | None = IdField()
    admin_turn_until: datetime | None = MomentField()

    meta: ClassVar[dict[str, Any]] = {"collection": "organizations"}
