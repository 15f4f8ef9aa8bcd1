"""By when a doubt must be answered."""

from datetime import datetime

from mongoengine.fields import ListField

from chat_service.states import SlaClock
from lyceum_database import MomentField, StateField, WholeField
from modelguard import EmbeddedDocument


class DoubtSla(EmbeddedDocument):
    """Due moments, already reckoned in business hours; the clock pauses while the student's answer is awaited.

    `next_due_at` is the earliest of the running clocks. `breached` keeps every clock that ran out, once.
    """

    first_due_at: datetime | None = MomentField()
    next_due_at: datetime | None = MomentField()
    resolve_due_at: datetime | None = MomentField()
    paused_at: datetime | None = MomentField()
    paused_ms: int = WholeField(required=True, default=0, min_value=0)
    breached: list[str] = ListField(StateField(SlaClock), max_length=len(SlaClock))
