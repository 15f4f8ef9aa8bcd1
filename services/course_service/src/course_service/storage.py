"""Which collections this program uses, and the indexes they need."""

from typing import Any

from course_service.courses.search import CourseSearch
from course_service.models import CourseVersion, Enrolment, Purchase, WebhookEvent
from keylane.mongo import MongoInbox
from lyceum_database import Course, Record, ensure_indexes, translated_errors, verify_indexes
from lyceum_web.models import IdempotencyRecord

MODELS: tuple[type[Record], ...] = (Course, CourseVersion, Purchase, Enrolment, WebhookEvent, IdempotencyRecord)
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


def create(search: CourseSearch | None = None) -> None:
    """Create what `verify` asks for; a deploy step that may be repeated.

    Args:
        search: of the catalogue, if it needs an index beyond those of the models.

    Raises:
        Unavailable: the database does not answer.
        IndexesDiffer: an index is there with other options.
    """
    ensure_indexes(MODELS)
    if search is not None:
        search.create_index()
    with translated_errors():
        MongoInbox(inbox_collection()).create_indexes()


def verify() -> None:
    """Check that the database has the indexes that the models declare; the inbox checks its own.

    Raises:
        Unavailable: the database does not answer.
        IndexesDiffer: lists what is missing.
    """
    verify_indexes(MODELS)
