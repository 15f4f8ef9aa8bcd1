"""The one table from what this service refuses to what a client is told."""

from collections.abc import Mapping

from chat_service.conversations.exceptions import ConversationClosed, ConversationUnknown
from chat_service.messages.exceptions import (
    ClientIdReused,
    MessageGone,
    MessageUnknown,
    NotYours,
    StaleMessage,
    TooLateToEdit,
    TooManyEdits,
    UnfitMessage,
    UnfitQuery,
)
from chat_service.rates import TooOften
from chat_service.waits import TooManyWaits, WaitsFull
from lyceum_database import Contended
from lyceum_web.problems import ProblemCode

CODES = (
    ProblemCode(
        "conversation_closed",
        403,
        "Conversation closed",
        "It can be read, but nothing is written in it any more; a new trainer opens it again.",
    ),
    ProblemCode("not_your_message", 403, "Not your message", "Only who sent a message may change it."),
    ProblemCode("edit_too_late", 403, "Too late to edit", "Send another message: this one stays as it is."),
    ProblemCode(
        "client_id_reused",
        409,
        "Client id used for another message",
        "Give each message an id of its own; only the very same message is sent again under the same one.",
    ),
    ProblemCode("message_deleted", 409, "Message deleted", "It has no text any more that could be edited."),
    ProblemCode("too_many_edits", 409, "Edited too often", "Send another message: this one stays as it is."),
    ProblemCode("unfit_message", 422, "Message not fit", "Send what the detail asks for."),
    ProblemCode("unfit_query", 422, "Nothing to search for", "Give at least one word."),
    ProblemCode(
        "too_many_waits",
        429,
        "Waiting in too many places",
        "End one of your requests that wait, or ask without `wait`.",
    ),
)

ERRORS: Mapping[type[Exception], str] = {
    Contended: "overloaded",
    ConversationUnknown: "not_found",
    ConversationClosed: "conversation_closed",
    MessageUnknown: "not_found",
    ClientIdReused: "client_id_reused",
    NotYours: "not_your_message",
    TooLateToEdit: "edit_too_late",
    MessageGone: "message_deleted",
    TooManyEdits: "too_many_edits",
    StaleMessage: "precondition_failed",
    UnfitMessage: "unfit_message",
    UnfitQuery: "unfit_query",
    TooOften: "rate_limited",
    TooManyWaits: "too_many_waits",
    WaitsFull: "overloaded",
}
