"""Which collections this program uses, and the indexes they need."""

from typing import Any

from keylane.mongo import MongoInbox
from lyceum_allocation import Allocation, TrainerCapacity
from lyceum_database import User, ensure_indexes, translated_errors, verify_indexes

MODELS = (Allocation, TrainerCapacity)
INBOX = "inbox"
"""The idempotency store; several consumer groups may share it, each entry names its group."""


def outbox_collection() -> Any:
    """The collection whose documents carry outbox entries."""
    with translated_errors():
        return Allocation._get_collection()  # noqa: SLF001 - mongoengine's documented way to the driver's collection


def inbox_collection() -> Any:
    """The collection of the idempotency store, in the same database."""
    return outbox_collection().database[INBOX]


def create() -> None:
    """Create what `verify` asks for; a deploy step that may be repeated.

    Raises:
        Unavailable: the database does not answer.
        IndexesDiffer: an index is there with other options.
    """
    # Users are not this program's, but whoever imports trainers relies on their unique keys.
    ensure_indexes((*MODELS, User))
    with translated_errors():
        MongoInbox(inbox_collection()).create_indexes()


def verify() -> None:
    """Check that the database has the indexes that the models declare; the inbox checks its own.

    Raises:
        Unavailable: the database does not answer.
        IndexesDiffer: lists what is missing.
    """
    verify_indexes(MODELS)
