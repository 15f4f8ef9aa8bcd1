"""A program that calls the platform with an account of its own."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import ListField, StringField, URLField

from lyceum_database.documents import Record
from lyceum_database.fields import MomentField, StateField
from lyceum_database.states import ServiceStatus


class Service(Record):
    """A service account: hashed keys (several while one is being replaced), scopes, last sign of life."""

    name: str = StringField(required=True, unique=True, min_length=1, max_length=64)
    base_url: str | None = URLField(max_length=2048)
    key_hashes: list[str] = ListField(StringField(min_length=1), max_length=5)
    scopes: list[str] = ListField(StringField(min_length=1, max_length=128))
    heartbeat_at: datetime | None = MomentField()
    status: str = StateField(ServiceStatus, default=ServiceStatus.DOWN, required=True)

    meta: ClassVar[dict[str, Any]] = {"collection": "services"}
