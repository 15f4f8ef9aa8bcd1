"""The root of what this service's domains refuse; each domain names its own in `exceptions`.

ChatServiceError
├── Contended                                                     too many writers at one conversation
├── conversations: ConversationUnknown, ConversationClosed
└── messages: MessageUnknown, ClientIdReused, NotYours, TooLateToEdit, MessageGone, TooManyEdits, StaleMessage,
    UnfitMessage, UnfitQuery
"""

# ruff: noqa: N818 - names say what happened

from lyceum_database import AccessDenied, NotConnected, Unavailable

OUTAGES: tuple[type[Exception], ...] = (Unavailable, AccessDenied, NotConnected)
"""The database is away, or refuses this program: whatever is being done will fail alike, so it is left for later."""


class ChatServiceError(Exception):
    """Root of all that this service's domains refuse. The text may be shown to whoever asked."""


class Contended(ChatServiceError):
    """Too many write to one conversation at one moment.

    Attributes:
        retry_after_s: when it is worth trying again, in seconds.
    """

    def __init__(self) -> None:
        super().__init__("too many write in this conversation at this moment: try again")
        self.retry_after_s = 1
