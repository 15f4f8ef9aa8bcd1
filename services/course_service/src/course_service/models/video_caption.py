"""Captions of a video in one language."""

from mongoengine.fields import StringField

from lyceum_database import IdField
from modelguard import EmbeddedDocument


class VideoCaption(EmbeddedDocument):
    """A WebVTT file."""

    language: str = StringField(required=True, min_length=2, max_length=35)
    media_id: str = IdField(required=True)
