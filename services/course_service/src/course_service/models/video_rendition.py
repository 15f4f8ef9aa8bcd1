"""One resolution of a video."""

from mongoengine.fields import StringField

from lyceum_database import IdField, WholeField
from modelguard import EmbeddedDocument


class VideoRendition(EmbeddedDocument):
    """What a player may choose from."""

    name: str = StringField(required=True, min_length=1, max_length=32)
    media_id: str = IdField(required=True)
    height_px: int = WholeField(required=True, min_value=1)
    bitrate_bps: int = WholeField(required=True, min_value=1)
