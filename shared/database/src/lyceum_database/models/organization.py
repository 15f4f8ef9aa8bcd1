"""A customer: a school, a company, or the platform's own default."""

from typing import Any, ClassVar

from mongoengine.fields import DictField, ListField, MapField, StringField

from lyceum_database.documents import Record
from lyceum_database.fields import IdField, StateField, WholeField
from lyceum_database.states import OrganizationStatus


class Organization(Record):
    """Whose documents are kept apart from everybody else's. Its `id` is the `org_id` of those documents.

    `admin_ids` holds administrators only, though perhaps not each of them: nobody leaves it as the last one, so an
    organization is never without.
    """

    slug: str = StringField(required=True, unique=True, regex=r"\A[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
    name: str = StringField(required=True, min_length=1, max_length=200)
    settings: dict[str, Any] = DictField()
    plan: str = StringField(default="free", max_length=64)
    limits: dict[str, int] = MapField(WholeField(min_value=0))
    status: str = StateField(OrganizationStatus, default=OrganizationStatus.ACTIVE, required=True)
    created_by: str | None = IdField(references="User")
    admin_ids: list[str] = ListField(IdField(references="User"))

    meta: ClassVar[dict[str, Any]] = {"collection": "organizations"}
