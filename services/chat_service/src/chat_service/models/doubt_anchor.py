"""The place in a course that a doubt is about."""

from chat_service.states import AnchorKind
from lyceum_database import IdField, StateField, WholeField
from modelguard import EmbeddedDocument


class DoubtAnchor(EmbeddedDocument):
    """A lesson, a moment of a video (`at_ms`), or a question of a submitted attempt."""

    kind: str = StateField(AnchorKind, required=True)
    target_id: str = IdField(required=True)
    at_ms: int | None = WholeField(min_value=0)
