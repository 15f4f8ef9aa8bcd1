"""Routes of invitations."""

from typing import Annotated

from fastapi import APIRouter, Response, status

from auth_service.dependencies import FromCaller, provided
from auth_service.invitations.acceptance import Acceptance, AcceptanceService
from auth_service.invitations.schemas import (
    InvitationAcceptance,
    InvitationAccepted,
    InvitationCreate,
    InvitationMade,
    InvitationShown,
    InvitationToken,
)
from auth_service.invitations.service import InvitationService, Viewed
from auth_service.wire import Id
from lyceum_web.etags import IfMatch, etag
from lyceum_web.openapi import problems
from lyceum_web.pages import Page, PageQuery
from lyceum_web.security import CurrentPrincipal, public, requires

Invitations = Annotated[InvitationService, provided(InvitationService)]
Acceptances = Annotated[AcceptanceService, provided(AcceptanceService)]

router = APIRouter(prefix="/v1/invitations", tags=["invitations"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    dependencies=[requires("invitations:write")],
    responses=problems("escalation", "unknown_role"),
)
def invite(
    body: InvitationCreate,
    invitations: Invitations,
    principal: CurrentPrincipal,
    caller: FromCaller,
    response: Response,
) -> InvitationMade:
    """Ask an address to join your organization, with roles that permit no more than you may."""
    made = invitations.invite(body.email, frozenset(body.roles), by=principal, caller=caller)
    response.headers["Location"] = f"/v1/invitations/{made.invitation.id}"
    response.headers["ETag"] = etag(made.invitation.version)
    (viewed,) = invitations.viewed([made.invitation], principal.org_id)
    return InvitationMade.made(viewed, made.token.text)


@router.get("", dependencies=[requires("invitations:read")])
def list_invitations(invitations: Invitations, principal: CurrentPrincipal, asked: PageQuery) -> Page[InvitationShown]:
    """List the invitations of your organization, whatever became of them."""
    listing = asked.of("invitations", org=principal.org_id)
    found = invitations.page(principal.org_id, after_id=listing.after_id, limit=listing.fetch)
    return listing.page(found, InvitationShown.of, position=_position)


@router.get("/{invitation_id}", dependencies=[requires("invitations:read")], responses=problems("not_found"))
def read_invitation(
    invitation_id: Id, invitations: Invitations, principal: CurrentPrincipal, response: Response
) -> InvitationShown:
    """Show an invitation of your organization."""
    found = invitations.get(invitation_id, principal.org_id)
    response.headers["ETag"] = etag(found.version)
    (viewed,) = invitations.viewed([found], principal.org_id)
    return InvitationShown.of(viewed)


@router.delete(
    "/{invitation_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    dependencies=[requires("invitations:write")],
    responses=problems("not_found", "invitation_used"),
)
def revoke_invitation(
    invitation_id: Id, invitations: Invitations, principal: CurrentPrincipal, caller: FromCaller, if_match: IfMatch
) -> None:
    """Withdraw an invitation that nobody has accepted."""
    found = invitations.get(invitation_id, principal.org_id)
    if_match.require(found.version)
    invitations.revoke(found, by=principal, caller=caller)


@router.post(
    "/{token}/acceptance",
    status_code=status.HTTP_201_CREATED,
    dependencies=[public()],
    responses=problems(
        "not_found",
        "invitation_expired",
        "invitation_used",
        "invitation_ended",
        "invalid_credentials",
        "weak_password",
        "rate_limited",
        "overloaded",
    ),
)
def accept_invitation(
    token: InvitationToken, body: InvitationAcceptance, acceptances: Acceptances, caller: FromCaller
) -> InvitationAccepted:
    """Join an organization, with the account that the address has or with a new one. Good once."""
    return InvitationAccepted.of(acceptances.accept(Acceptance(token=token, member=body.member), caller))


def _position(viewed: Viewed) -> tuple[str]:
    return (viewed.invitation.id,)
