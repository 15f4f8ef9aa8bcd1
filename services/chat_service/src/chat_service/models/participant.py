"""Somebody's time in a conversation."""

from datetime import datetime

from chat_service.states import ParticipantRole
from lyceum_database import FlagField, IdField, MomentField, StateField, WholeField
from modelguard import EmbeddedDocument


class Participant(EmbeddedDocument):
    """Who, as what, from when to when. Whoever has left reads and writes nothing.

    Attributes:
        epoch: of the allocation that made him the trainer; 0 for the student.
        over: this was the last that was told of the epoch: the student has no trainer any more.
    """

    user_id: str = IdField(required=True, references="User")
    role: str = StateField(ParticipantRole, required=True)
    joined_at: datetime = MomentField(required=True)
    left_at: datetime | None = MomentField()
    epoch: int = WholeField(required=True, default=0, min_value=0)
    over: bool = FlagField(default=False)
