"""The documents of this service. Static imports only: every model is registered when this package is imported."""

from chat_service.models.chat_message import ChatMessage
from chat_service.models.conversation import Conversation
from chat_service.models.doubt import Doubt
from chat_service.models.doubt_anchor import DoubtAnchor
from chat_service.models.doubt_reply import DoubtReply
from chat_service.models.doubt_sla import DoubtSla
from chat_service.models.media_attachment import MediaAttachment
from chat_service.models.message_edit import MessageEdit
from chat_service.models.participant import Participant
from chat_service.models.pending_notice import PendingNotice

__all__ = [
    "ChatMessage",
    "Conversation",
    "Doubt",
    "DoubtAnchor",
    "DoubtReply",
    "DoubtSla",
    "MediaAttachment",
    "MessageEdit",
    "Participant",
    "PendingNotice",
]
