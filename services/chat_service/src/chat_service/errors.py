"""The root of what this service's domains refuse; each domain names its own in `exceptions`.

ChatServiceError
├── conversations: ConversationUnknown, ConversationClosed
└── messages: MessageUnknown, ClientIdReused, NotYours, TooLateToEdit, MessageGone, TooManyEdits, StaleMessage,
    UnfitMessage, UnfitQuery
"""

from lyceum_database import AccessDenied, NotConnected, Unavailable

OUTAGES: tuple[type[Exception], ...] = (Unavailable, AccessDenied, NotConnected)
"""The database is away, or refuses this program: whatever is being done will fail alike, so it is left for later."""


class ChatServiceError(Exception):
    """Root of all that this service's domains refuse. The text may be shown to whoever asked."""
