"""What is refused about conversations."""

# ruff: noqa: N818 - names say what happened

from chat_service.errors import ChatServiceError


class ConversationUnknown(ChatServiceError):
    """There is none with this id, or whoever asks is not in it: the two look alike from outside."""

    def __init__(self, conversation_id: str) -> None:
        super().__init__(f"no conversation {conversation_id}")


class ConversationClosed(ChatServiceError):
    """Its members may read, but nobody writes any more."""

    def __init__(self) -> None:
        super().__init__("this conversation is closed: it can be read, not written in")
