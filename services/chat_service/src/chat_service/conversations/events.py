"""What conversations tell the world; what is said in them their messages tell."""

from datetime import datetime

from lyceum_contracts import ConversationRead


def read(conversation_id: str, user_id: str, seq: int, now: datetime) -> ConversationRead:
    """Tell up to which number somebody has read."""
    return ConversationRead(conversation_id=conversation_id, user_id=user_id, last_read_seq=seq, read_at=now)
