"""Somebody's time in a conversation."""

from datetime import datetime

from chat_service.states import ParticipantRole
from lyceum_database import IdField, MomentField, StateField
from modelguard import EmbeddedDocument


class Participant(EmbeddedDocument):
    """Who, as what, from when to when. Whoever has left reads and writes nothing."""

    user_id: str = IdField(required=True, references="User")
    role: str = StateField(ParticipantRole, required=True)
    joined_at: datetime = MomentField(required=True)
    left_at: datetime | None = MomentField()
