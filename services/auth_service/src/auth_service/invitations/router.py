"""Routes of invitations."""

import json
from typing import Annotated

from fastapi import APIRouter, Response, status
from fastapi.responses import JSONResponse

from auth_service.creation import created
from auth_service.dependencies import FromCaller
from auth_service.invitations.acceptance import Acceptance, AcceptanceService
from auth_service.invitations.schemas import (
    InvitationAcceptance,
    InvitationAccepted,
    InvitationCreate,
    InvitationMade,
    InvitationShown,
    InvitationToken,
)
from auth_service.invitations.service import InvitationService, Viewed, Wish
from auth_service.wire import MEDIUM_BODY, SMALL_BODY, Id
from lyceum_web.etags import IfMatch, etag
from lyceum_web.idempotency import Idempotent
from lyceum_web.limits import allowing
from lyceum_web.openapi import problems
from lyceum_web.pages import Page, PageQuery
from lyceum_web.provided import provided
from lyceum_web.rates import limited
from lyceum_web.security import CurrentPrincipal, public, requires

Invitations = Annotated[InvitationService, provided(InvitationService)]
Acceptances = Annotated[AcceptanceService, provided(AcceptanceService)]

router = APIRouter(prefix="/v1/invitations", tags=["invitations"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=InvitationMade,
    dependencies=[requires("invitations:write"), limited("invitations", "60/minute")],
    responses=problems("escalation", "unknown_role", "overloaded"),
)
@allowing(body_bytes=MEDIUM_BODY)
def invite(
    body: InvitationCreate,
    invitations: Invitations,
    principal: CurrentPrincipal,
    caller: FromCaller,
    once: Idempotent,
) -> Response:
    """Ask an address to join your organization, with roles that permit no more than you may."""

    def make(invitation_id: str) -> Response:
        wish = Wish(invitation_id, body.email, frozenset(body.roles))
        return _created(invitations.invite(wish, by=principal, caller=caller))

    made = once.run(make, existing=lambda invitation_id: _created(invitations.get(invitation_id, principal.org_id)))
    return _with_token(made, invitations, principal.org_id)


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
    response.headers["ETag"] = etag(found.invitation.version)
    return InvitationShown.of(found)


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
    if_match.require(found.invitation.version)
    invitations.revoke(found.invitation, by=principal, caller=caller)


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
@allowing(body_bytes=SMALL_BODY)
def accept_invitation(
    token: InvitationToken, body: InvitationAcceptance, acceptances: Acceptances, caller: FromCaller
) -> InvitationAccepted:
    """Join an organization, with the account that the address has or with a new one. Good once."""
    return InvitationAccepted.of(acceptances.accept(Acceptance(token=token, member=body.member), caller))


def _created(viewed: Viewed) -> Response:
    invitation = viewed.invitation
    location = f"/v1/invitations/{invitation.id}"
    return created(InvitationShown.of(viewed), location=location, version=invitation.version)


def _with_token(made: Response, invitations: InvitationService, org_id: str) -> Response:
    """Add a token to an answer that was kept for repeats: what is kept must not hold one."""
    shown = json.loads(bytes(made.body))
    token = invitations.token_for(shown["id"], org_id)
    current = invitations.get(shown["id"], org_id)
    headers = {name: value for name, value in made.headers.items() if name not in {"content-length", "etag"}}
    return JSONResponse(
        {**shown, "token": None if token is None else token.text},
        status_code=made.status_code,
        headers={**headers, "ETag": etag(current.invitation.version), "Cache-Control": "no-store"},
    )


def _position(viewed: Viewed) -> tuple[str]:
    return (viewed.invitation.id,)
