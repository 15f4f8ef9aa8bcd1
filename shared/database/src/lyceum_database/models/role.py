"""A named set of permissions."""

from typing import Any, ClassVar

from mongoengine.fields import ListField, StringField

from lyceum_database.documents import Record
from lyceum_database.fields import FlagField, StateField, UniqueKey
from lyceum_database.states import RoleScope


class Role(Record):
    """What its holders may do in an organization, a course or a service. Names are unique in their organization."""

    name: str = StringField(required=True, min_length=1, max_length=64)
    name_key: str | None = UniqueKey("org_id", "name")
    permissions: list[str] = ListField(StringField(min_length=1, max_length=128))
    scope: str = StateField(RoleScope, default=RoleScope.ORG, required=True)
    builtin: bool = FlagField(default=False)  # defined by the program, in every organization alike

    meta: ClassVar[dict[str, Any]] = {"collection": "roles"}
