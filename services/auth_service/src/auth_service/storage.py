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


def ensure_contents(*, clock: Clock = utc_now, page_size: int = 100) -> None:
    """Give the platform its default organization, and every organization the built-in roles of this release.

    Any number of replicas may do so at one time, whatever is there already.

    Args:
        clock: tells the time.
        page_size: organizations that are looked at in one question.

    Raises:
        Unavailable: the database does not answer.
    """
    organizations, roles = OrganizationRepository(clock=clock), Roles(clock=clock)
    with suppress(Duplicate):  # what another replica or an earlier start made, and administrators changed since, stays
        organizations.insert(Organization(id=DEFAULT_ORG, slug=DEFAULT_ORG, name="Lyceum"))
    after_id: str | None = None
    while page := [organization.id for organization in organizations.list_(after_id=after_id, limit=page_size)]:
        roles.ensure_builtin(*page)
        after_id = page[-1]
