"""The root of what this service's domains refuse; each domain names its own in `exceptions`.

ChatServiceError
├── conversations: ConversationUnknown, ConversationClosed
└── messages: MessageUnknown, ClientIdReused, NotYours, TooLateToEdit, MessageGone, TooManyEdits, StaleMessage,
    UnfitMessage, UnfitQuery
"""


class ChatServiceError(Exception):
    """Root of all that this service's domains refuse. The text may be shown to whoever asked."""
