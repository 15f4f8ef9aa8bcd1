"""The base of every document that is stored in a collection of its own."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine import ValidationError

from lyceum_database.fields import IdField, MomentField, WholeField
from lyceum_database.ids import new_id
from modelguard import Document

DEFAULT_ORG = "default"  # whose documents these are when nobody named an organization


class Record(Document):
    """A stored document: a string id, an organization, two moments and a version for compare-and-set.

    `version` is 0 until the document was stored, 1 after it was inserted, and one more with every save. Fields that
    this program does not know survive a save: another release may have written them.
    """

    id: str = IdField(primary_key=True, default=new_id)
    org_id: str = IdField(required=True, default=DEFAULT_ORG)
    created_at: datetime | None = MomentField()
    updated_at: datetime | None = MomentField()
    version: int = WholeField(required=True, default=0, min_value=0)
    schema_version: int = WholeField(required=True, default=1, min_value=1)

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "auto_create_index": False, "strict": False}

    def clean(self) -> None:
        """Fill in the unique keys from the fields that they are made of."""
        for name, field in self._fields.items():
            # Not by isinstance: after a reload the class of that name is another one, and the keys would silently go.
            parts = getattr(field, "key_parts", None)
            if parts is not None:
                setattr(self, name, field.compose([getattr(self, part) for part in parts]))


def refusal(field: str, reason: str) -> Exception:
    """Return what a document's `clean` raises when `field` contradicts its neighbours."""
    error: Exception = ValidationError(reason, errors={field: ValidationError(reason, field_name=field)})
    return error
