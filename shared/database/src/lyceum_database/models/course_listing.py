"""How a course stands in a list: what it shows there, and by what it is found and sorted."""

from datetime import datetime

from mongoengine.fields import ListField, StringField

from lyceum_database.fields import MomentField, WholeField
from modelguard import EmbeddedDocument


class CourseListing(EmbeddedDocument):
    """The head of one state of a course. The `_key` fields are normal forms, in which spellings do not differ.

    Attributes:
        number: of the published version that this is the head of; None for the draft.
        tokens: words that a search looks for.
    """

    number: int | None = WholeField(min_value=1)
    title: str = StringField(required=True, min_length=1, max_length=200)
    title_key: str = StringField(required=True)
    summary: str = StringField(default="", max_length=2000)
    subject: str = StringField(required=True, min_length=1, max_length=64)
    subject_key: str = StringField(required=True)
    languages: list[str] = ListField(StringField(min_length=2, max_length=35))
    language_keys: list[str] = ListField(StringField(min_length=2, max_length=35))
    price_minor: int = WholeField(required=True, min_value=0)
    currency: str = StringField(required=True, regex=r"\A[A-Z]{3}\Z")
    tokens: list[str] = ListField(StringField())
    published_at: datetime | None = MomentField()
