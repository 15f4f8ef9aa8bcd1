"""Which collections this program uses, and the indexes they need."""

from typing import Any

from chat_service.messages.search import SearchKind, search_of
from chat_service.models import ChatMessage, Conversation
from chat_service.repositories import ChatMessageRepository
from keylane.mongo import MongoInbox
from lyceum_database import Record, ensure_indexes, translated_errors, verify_indexes

MODELS: tuple[type[Record], ...] = (Conversation, ChatMessage)
"""Those that are in use."""

INBOX = "inbox"
"""The idempotency store; several consumer groups may share it, each entry names its group."""


def outbox_collections() -> list[Any]:
    """The collections whose documents carry outbox entries."""
    with translated_errors():
        return [model._get_collection() for model in MODELS if "outbox" in model._fields]  # noqa: SLF001 - mongoengine's documented way to the driver's collection


def inbox_collection() -> Any:
    """The collection of the idempotency store, in the same database."""
    return outbox_collections()[0].database[INBOX]


def create(search: SearchKind = "tokens") -> None:
    """Create what `verify` asks for, and what searching needs; a deploy step that may be repeated.

    Args:
        search: how messages are found.

    Raises:
        Unavailable: the database does not answer.
        IndexesDiffer: an index is there with other options.
    """
    ensure_indexes(MODELS)
    with translated_errors():
        MongoInbox(inbox_collection()).create_indexes()
        search_of(search, ChatMessageRepository()).create_index()


def verify() -> None:
    """Check that the database has the indexes that the models declare; the inbox checks its own.

    Raises:
        Unavailable: the database does not answer.
        IndexesDiffer: lists what is missing.
    """
    verify_indexes(MODELS)
