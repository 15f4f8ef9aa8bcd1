"""Chat: what was said where, to whom, and how far it was read. Of a message only its first words are told."""

from typing import ClassVar

from lyceum_contracts.event import Event
from lyceum_contracts.fields import Count, Id, Moment, Preview, Word
from lyceum_contracts.topics import CONVERSATION_READ, MESSAGE_DELETED, MESSAGE_EDITED, MESSAGE_SENT

__all__ = ["ConversationRead", "MessageDeleted", "MessageEdited", "MessageSent"]


class MessageEvent(Event):
    """The fields of every event about one message."""

    conversation_id: Id
    message_id: Id
    seq: Count
    """Its number in the conversation: dense from 1, and it never changes."""
    sender_id: Id
    recipient_ids: tuple[Id, ...]
    """Who else may read the conversation at this moment."""


class MessageSent(MessageEvent):
    """A message was stored. Those of one conversation are told in the order of their numbers."""

    type: ClassVar[str] = MESSAGE_SENT

    kind: Word
    """`text` of a person, or `system`: a notice of the platform."""
    preview: Preview
    """Its first words."""
    sent_at: Moment


class MessageEdited(MessageEvent):
    """The sender put a message in other words; what it said before is kept."""

    type: ClassVar[str] = MESSAGE_EDITED

    preview: Preview
    """Its first words from now on."""
    edits: Count
    """How often it was edited so far: more is newer."""
    edited_at: Moment


class MessageDeleted(MessageEvent):
    """A message was taken back: its number stays, its words are gone."""

    type: ClassVar[str] = MESSAGE_DELETED

    by: Id
    """User id of the sender, or of whoever looks after conversations."""
    deleted_at: Moment


class ConversationRead(Event):
    """Somebody has read everything up to this number; a lower number that comes later says nothing."""

    type: ClassVar[str] = CONVERSATION_READ

    conversation_id: Id
    user_id: Id
    last_read_seq: Count
    read_at: Moment
