"""What is refused about messages."""

# ruff: noqa: N818 - names say what happened

from chat_service.errors import ChatServiceError


class MessageUnknown(ChatServiceError):
    """There is none with this id, or whoever asks cannot read its conversation: the two look alike from outside."""

    def __init__(self, message_id: str) -> None:
        super().__init__(f"no message {message_id}")


class ClientIdReused(ChatServiceError):
    """The sender has sent something else under this id of his own.

    Attributes:
        message_id: what he sent.
    """

    def __init__(self, client_id: str, message_id: str) -> None:
        super().__init__(f"client_id {client_id} was used for another message: give each message its own")
        self.message_id = message_id


class NotYours(ChatServiceError):
    """Only its sender changes a message."""

    def __init__(self) -> None:
        super().__init__("only the sender of a message can change it")


class TooLateToEdit(ChatServiceError):
    """What was said so long ago stays as it was said; it can be taken back."""

    def __init__(self, minutes: int) -> None:
        super().__init__(f"a message can be edited for {minutes} minutes after it was sent")


class MessageGone(ChatServiceError):
    """The message was deleted."""

    def __init__(self) -> None:
        super().__init__("this message was deleted")


class TooManyEdits(ChatServiceError):
    """Nobody finds his way through more wordings."""

    def __init__(self, most: int, longest: int) -> None:
        super().__init__(f"a message can be edited {most} times, and keeps {longest} characters of earlier wordings")


class StaleMessage(ChatServiceError):
    """The message was changed since the caller read it.

    Attributes:
        version: which it has now.
    """

    def __init__(self, version: int) -> None:
        super().__init__("the message was changed meanwhile: read it again")
        self.version = version


class UnfitMessage(ChatServiceError):
    """What was to be said cannot be said like this.

    Attributes:
        field: what is wrong.
        reason: what to do about it.
    """

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class UnfitQuery(ChatServiceError):
    """Nothing can be searched by this."""

    def __init__(self) -> None:
        super().__init__("give a word to search for")
