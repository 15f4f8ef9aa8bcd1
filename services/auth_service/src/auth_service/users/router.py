"""Routes of an organization's people."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from auth_service.dependencies import FromCaller
from auth_service.users.schemas import UserChange, UserShown
from auth_service.users.service import Member, MemberFilter, UserService
from auth_service.wire import MEDIUM_BODY, Id, RoleName, SignInName
from lyceum_database.states import UserStatus
from lyceum_web.etags import IfMatch, IfNoneMatch, etag, not_modified
from lyceum_web.limits import allowing
from lyceum_web.openapi import problems
from lyceum_web.pages import Page, PageQuery
from lyceum_web.provided import provided
from lyceum_web.security import CurrentPrincipal, requires

Users = Annotated[UserService, provided(UserService)]

router = APIRouter(prefix="/v1/users", tags=["users"])


@router.get("", dependencies=[requires("users:read")])
def list_users(
    users: Users,
    principal: CurrentPrincipal,
    asked: PageQuery,
    email: Annotated[SignInName | None, Query(description="Only who has this address, in whatever spelling.")] = None,
    status: Annotated[UserStatus | None, Query(description="Only accounts of this status.")] = None,
    role: Annotated[RoleName | None, Query(description="Only holders of this role.")] = None,
) -> Page[UserShown]:
    """List the members of your organization."""
    only = MemberFilter(email=email, status=status, role=role)
    listing = asked.of("users", org=principal.org_id, email=email, status=status, role=role)
    found = users.page(principal.org_id, after_id=listing.after_id, limit=listing.fetch, only=only)
    return listing.page(found, UserShown.of, position=_position)


@router.get("/{user_id}", dependencies=[requires("users:read")], responses=problems("not_found"))
def read_user(
    user_id: Id, users: Users, principal: CurrentPrincipal, known: IfNoneMatch, response: Response
) -> UserShown:
    """Show a member of your organization."""
    found = users.get(user_id, principal.org_id)
    if known.hold(found.user.version):
        return not_modified(found.user.version)  # type: ignore[return-value] # FastAPI hands responses on as they are
    response.headers["ETag"] = etag(found.user.version)
    return UserShown.of(found)


@router.patch(
    "/{user_id}",
    dependencies=[requires("users:write")],
    responses=problems(
        "not_found", "escalation", "unknown_role", "impossible_status", "last_administrator", "overloaded"
    ),
)
@allowing(body_bytes=MEDIUM_BODY)
def change_user(
    user_id: Id,
    body: UserChange,
    users: Users,
    principal: CurrentPrincipal,
    caller: FromCaller,
    if_match: IfMatch,
    response: Response,
) -> UserShown:
    """Give a member other roles, suspend or reactivate them. Nobody gives or takes what they have not themselves."""
    found = users.get(user_id, principal.org_id)
    if_match.require(found.user.version)
    changed = users.change(found, body.change, by=principal, caller=caller)
    response.headers["ETag"] = etag(changed.user.version)
    return UserShown.of(changed)


def _position(member: Member) -> tuple[str]:
    return (member.user.id,)
