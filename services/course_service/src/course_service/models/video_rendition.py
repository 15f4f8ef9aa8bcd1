"""One resolution of a video."""

from mongoengine.fields import IntField, StringField

from lyceum_database import IdField
from modelguard import EmbeddedDocument


class VideoRendition(EmbeddedDocument):
    """What a player may choose from."""

    name: str = StringField(required=True, min_length=1, max_length=32)
    media_id: str = IdField(required=True)
    height_px: int = IntField(required=True, min_value=1)
    bitrate_bps: int = IntField(required=True, min_value=1)
