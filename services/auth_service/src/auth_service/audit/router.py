"""The route of the audit record."""

from typing import Annotated

from fastapi import APIRouter, Query

from auth_service.audit.schemas import AuditEntryShown
from auth_service.audit.service import AuditLog
from auth_service.models import AuditEntry
from auth_service.wire import Id
from lyceum_web.pages import Page, PageQuery
from lyceum_web.provided import provided
from lyceum_web.security import CurrentPrincipal, requires

Audit = Annotated[AuditLog, provided(AuditLog)]

router = APIRouter(prefix="/v1/audit-entries", tags=["audit"])


@router.get("", dependencies=[requires("audit:read")])
def list_audit_entries(
    audit: Audit,
    principal: CurrentPrincipal,
    asked: PageQuery,
    target_id: Annotated[Id | None, Query(description="Only what was done to this.")] = None,
    actor_id: Annotated[Id | None, Query(description="Only what this person did.")] = None,
) -> Page[AuditEntryShown]:
    """List the security acts of your organization, the newest first. No entry is ever changed."""
    only = {"target_id": target_id, "actor_id": actor_id}
    filters = {name: value for name, value in only.items() if value is not None}
    listing = asked.of("audit", org=principal.org_id, **filters)
    found = audit.page(principal.org_id, after_id=listing.after_id, limit=listing.fetch, **filters)
    return listing.page(found, AuditEntryShown.of, position=_position)


def _position(entry: AuditEntry) -> tuple[str]:
    return (entry.id,)
