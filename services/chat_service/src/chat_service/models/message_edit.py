"""An earlier wording of a message."""

from datetime import datetime

from mongoengine.fields import StringField

from lyceum_database import MomentField
from modelguard import EmbeddedDocument


class MessageEdit(EmbeddedDocument):
    """What a message said until it was edited."""

    body: str = StringField(max_length=10_000)
    until: datetime = MomentField(required=True)
