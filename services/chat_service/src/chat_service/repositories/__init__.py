"""One door per document."""

from chat_service.repositories.chat_messages import ChatMessageRepository
from chat_service.repositories.conversations import (
    ConversationRepository,
    Place,
    Pulse,
    Seated,
    Told,
    conversation_id,
)
from chat_service.repositories.doubt_replies import DoubtReplyRepository
from chat_service.repositories.doubts import DoubtRepository
from chat_service.repositories.media_attachments import MediaAttachmentRepository

__all__ = [
    "ChatMessageRepository",
    "ConversationRepository",
    "DoubtReplyRepository",
    "DoubtRepository",
    "MediaAttachmentRepository",
    "Place",
    "Pulse",
    "Seated",
    "Told",
    "conversation_id",
]
