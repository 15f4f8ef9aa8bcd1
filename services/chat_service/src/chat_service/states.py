"""The words that chat and doubt documents use for their states and kinds; text in the database."""

from enum import StrEnum


class ConversationStatus(StrEnum):
    """open -> read_only (the trainer left, the purchase was refunded) -> archived."""

    OPEN = "open"
    READ_ONLY = "read_only"
    ARCHIVED = "archived"


class ParticipantRole(StrEnum):
    """As what somebody takes part in a conversation or a doubt."""

    STUDENT = "student"
    TRAINER = "trainer"
    LEAD = "lead"


class MessageKind(StrEnum):
    """A text of a person, or a notice that the platform wrote."""

    TEXT = "text"
    SYSTEM = "system"


class Notice(StrEnum):
    """What the platform tells in a conversation about its members."""

    OPENED = "opened"
    HANDED_OVER = "handed_over"
    CLOSED = "closed"
    REOPENED = "reopened"


class ChatMessageStatus(StrEnum):
    """sent -> edited -> deleted (a tombstone: the place in the sequence stays)."""

    SENT = "sent"
    EDITED = "edited"
    DELETED = "deleted"


class DoubtStatus(StrEnum):
    """open -> assigned -> answered -> accepted or closed -> reopened."""

    OPEN = "open"
    ASSIGNED = "assigned"
    ANSWERED = "answered"
    ACCEPTED = "accepted"
    CLOSED = "closed"
    REOPENED = "reopened"


class DoubtVisibility(StrEnum):
    """Who may read a doubt besides its student and the trainers."""

    PRIVATE = "private"
    ANONYMOUS = "anonymous"
    COURSE = "course"


class AnchorKind(StrEnum):
    """What a doubt is about."""

    LESSON = "lesson"
    VIDEO = "video"
    QUESTION = "question"


class SlaClock(StrEnum):
    """The promises of answering a doubt in time."""

    FIRST_REPLY = "first_reply"
    NEXT_REPLY = "next_reply"
    RESOLVE = "resolve"


class DoubtReplyStatus(StrEnum):
    """visible -> edited -> hidden."""

    VISIBLE = "visible"
    EDITED = "edited"
    HIDDEN = "hidden"


class AttachmentPurpose(StrEnum):
    """What a file was uploaded for; decides which types and sizes are allowed."""

    CHAT = "chat"
    DOUBT = "doubt"


class AttachmentStatus(StrEnum):
    """announced -> stored -> clean or quarantined -> deleted."""

    ANNOUNCED = "announced"
    STORED = "stored"
    CLEAN = "clean"
    QUARANTINED = "quarantined"
    DELETED = "deleted"
