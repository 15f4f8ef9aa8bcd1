"""An announcement or an inbox message. What trainer and student write each other belongs to the chat service."""

from datetime import datetime
from typing import Any, ClassVar

from mongoengine.fields import StringField

from lyceum_database.documents import Record, refusal
from lyceum_database.fields import IdField, MomentField, StateField, UniqueKey
from lyceum_database.states import MessageKind, MessageStatus


class Message(Record):
    """A text for everybody of a course or organization, or for one person.

    `client_id` is chosen by the sender's program, so that sending again is not a second message.
    """

    kind: str = StateField(MessageKind, default=MessageKind.ANNOUNCEMENT, required=True)
    sender_id: str = IdField(required=True, references="User")
    client_id: str | None = IdField()
    client_key: str | None = UniqueKey("sender_id", "client_id")
    course_id: str | None = IdField(references="Course")
    recipient_id: str | None = IdField(references="User")
    title: str = StringField(required=True, min_length=1, max_length=200)
    body: str = StringField(required=True, min_length=1, max_length=20_000)
    published_at: datetime | None = MomentField()
    expires_at: datetime | None = MomentField()
    status: str = StateField(MessageStatus, default=MessageStatus.DRAFT, required=True)

    meta: ClassVar[dict[str, Any]] = {
        "collection": "messages",
        "indexes": [("org_id", "course_id", "-published_at"), ("recipient_id", "-published_at")],
    }

    def clean(self) -> None:
        """An inbox message has a recipient, an announcement has none."""
        super().clean()
        if (self.kind == MessageKind.INBOX) != (self.recipient_id is not None):
            raise refusal("recipient_id", "an inbox message needs one, an announcement has none")
