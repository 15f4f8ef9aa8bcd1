"""Routes of roles."""

from typing import Annotated

from fastapi import APIRouter, Response, status

from auth_service.creation import created
from auth_service.dependencies import FromCaller
from auth_service.roles.schemas import RoleChange, RoleCreate, RoleShown
from auth_service.roles.service import RoleService
from auth_service.wire import MEDIUM_BODY, Id
from lyceum_database import Role
from lyceum_web.etags import IfMatch, IfNoneMatch, etag, not_modified
from lyceum_web.idempotency import Idempotent
from lyceum_web.limits import allowing
from lyceum_web.openapi import problems
from lyceum_web.pages import Page, PageQuery
from lyceum_web.provided import provided
from lyceum_web.security import CurrentPrincipal, requires

Roles = Annotated[RoleService, provided(RoleService)]

router = APIRouter(prefix="/v1/roles", tags=["roles"])


@router.get("", dependencies=[requires("roles:read")])
def list_roles(roles: Roles, principal: CurrentPrincipal, asked: PageQuery) -> Page[RoleShown]:
    """List the roles of your organization."""
    listing = asked.of("roles", org=principal.org_id)
    found = roles.page(principal.org_id, after_id=listing.after_id, limit=listing.fetch)
    return listing.page(found, RoleShown.of, position=_position)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=RoleShown,
    dependencies=[requires("roles:write")],
    responses=problems("escalation", "role_name_taken"),
)
@allowing(body_bytes=MEDIUM_BODY)
def create_role(
    body: RoleCreate, roles: Roles, principal: CurrentPrincipal, caller: FromCaller, once: Idempotent
) -> Response:
    """Make a role that permits no more than you may yourself."""

    def make(role_id: str) -> Response:
        return _created(roles.create(role_id, body.name, body.permissions, by=principal, caller=caller))

    return once.run(make, existing=lambda role_id: _created(roles.get(role_id, principal.org_id)))


@router.get("/{role_id}", dependencies=[requires("roles:read")], responses=problems("not_found"))
def read_role(
    role_id: Id, roles: Roles, principal: CurrentPrincipal, known: IfNoneMatch, response: Response
) -> RoleShown:
    """Show a role of your organization."""
    found = roles.get(role_id, principal.org_id)
    if known.hold(found.version):
        return not_modified(found.version)  # type: ignore[return-value] # FastAPI hands responses on as they are
    response.headers["ETag"] = etag(found.version)
    return RoleShown.of(found)


@router.patch(
    "/{role_id}", dependencies=[requires("roles:write")], responses=problems("not_found", "escalation", "builtin_role")
)
@allowing(body_bytes=MEDIUM_BODY)
def change_role(
    role_id: Id,
    body: RoleChange,
    roles: Roles,
    principal: CurrentPrincipal,
    caller: FromCaller,
    if_match: IfMatch,
    response: Response,
) -> RoleShown:
    """Let a role permit something else, of what you may yourself."""
    found = roles.get(role_id, principal.org_id)
    if_match.require(found.version)
    saved = roles.change(found, body.permissions, by=principal, caller=caller)
    response.headers["ETag"] = etag(saved.version)
    return RoleShown.of(saved)


def _created(role: Role) -> Response:
    return created(RoleShown.of(role), location=f"/v1/roles/{role.id}", version=role.version)


def _position(role: Role) -> tuple[str]:
    return (role.id,)
