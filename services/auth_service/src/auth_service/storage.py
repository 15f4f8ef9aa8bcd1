"""Which collections this program uses, the indexes they need, and what has to be in them before anybody signs in."""

from contextlib import suppress
from typing import Any

from auth_service.models import AuditEntry, Invitation
from auth_service.roles.repository import Roles
from lyceum_database import (
    DEFAULT_ORG,
    Clock,
    Duplicate,
    Organization,
    OrganizationRepository,
    Record,
    Role,
    Session,
    User,
    ensure_indexes,
    translated_errors,
    utc_now,
    verify_indexes,
)
from lyceum_web.models import IdempotencyRecord

MODELS: tuple[type[Record], ...] = (User, Role, Organization, Session, Invitation, AuditEntry, IdempotencyRecord)

_REPORTING: tuple[type[Record], ...] = (User, Session)


def outbox_collections() -> list[Any]:
    """The collections whose documents carry outbox entries."""
    with translated_errors():
        return [model._get_collection() for model in _REPORTING]  # noqa: SLF001 - mongoengine's documented way to the driver's collection


def create() -> None:
    """Create what `verify` asks for; a deploy step that may be repeated.

    Raises:
        Unavailable: the database does not answer.
        IndexesDiffer: an index is there with other options.
    """
    ensure_indexes(MODELS)


def verify() -> None:
    """Check that the database has the indexes that the models declare.

    Raises:
        Unavailable: the database does not answer.
        IndexesDiffer: lists what is missing.
    """
    verify_indexes(MODELS)


def ensure_contents(*, clock: Clock = utc_now) -> None:
    """Give the platform its default organization and that one its built-in roles.

    Any number of replicas may do so at one time, whatever is there already.

    Raises:
        Unavailable: the database does not answer.
    """
    with suppress(Duplicate):  # what another replica or an earlier start made, and administrators changed since, stays
        OrganizationRepository(clock=clock).insert(Organization(id=DEFAULT_ORG, slug=DEFAULT_ORG, name="Lyceum"))
    Roles(clock=clock).ensure_builtin(DEFAULT_ORG)
