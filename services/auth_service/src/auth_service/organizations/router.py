"""Routes of organizations."""

from typing import Annotated

from fastapi import APIRouter, Response, status

from auth_service.creation import created
from auth_service.dependencies import FromCaller
from auth_service.organizations.schemas import OrganizationChange, OrganizationCreate, OrganizationShown
from auth_service.organizations.service import NewOrganization, OrganizationService
from auth_service.wire import SMALL_BODY, Id
from lyceum_database import Organization
from lyceum_web.etags import IfMatch, IfNoneMatch, etag, not_modified
from lyceum_web.idempotency import Idempotent
from lyceum_web.limits import allowing
from lyceum_web.openapi import problems
from lyceum_web.pages import Page, PageQuery
from lyceum_web.problems import ProblemError
from lyceum_web.provided import provided
from lyceum_web.security import CurrentPrincipal, requires, requires_login

Organizations = Annotated[OrganizationService, provided(OrganizationService)]

router = APIRouter(prefix="/v1/organizations", tags=["organizations"])


@router.get("", dependencies=[requires_login()])
def list_organizations(
    organizations: Organizations, principal: CurrentPrincipal, asked: PageQuery
) -> Page[OrganizationShown]:
    """List the organizations that you belong to."""
    listing = asked.of("organizations", user=principal.user_id)
    found = organizations.page_of(principal.user_id, after_id=listing.after_id, limit=listing.fetch)
    return listing.page(found, OrganizationShown.of, position=_position)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=OrganizationShown,
    dependencies=[requires("organizations:create")],
    responses=problems("slug_taken", "overloaded"),
)
@allowing(body_bytes=SMALL_BODY)
def create_organization(
    body: OrganizationCreate,
    organizations: Organizations,
    principal: CurrentPrincipal,
    caller: FromCaller,
    once: Idempotent,
) -> Response:
    """Make an organization, which you administer. Sign in to it to invite others."""

    def make(organization_id: str) -> Response:
        wanted = NewOrganization(organization_id, body.slug, body.name)
        made = organizations.create(wanted, by=principal.user_id, caller=caller)
        location = f"/v1/organizations/{made.id}"
        return created(OrganizationShown.of(made), location=location, version=made.version)

    return once.run(make)


@router.get("/{organization_id}", dependencies=[requires_login()], responses=problems("not_found"))
def read_organization(
    organization_id: Id,
    organizations: Organizations,
    principal: CurrentPrincipal,
    known: IfNoneMatch,
    response: Response,
) -> OrganizationShown:
    """Show an organization that you belong to."""
    found = organizations.of_member(organization_id, principal.user_id)
    if known.hold(found.version):
        return not_modified(found.version)  # type: ignore[return-value] # FastAPI hands responses on as they are
    response.headers["ETag"] = etag(found.version)
    return OrganizationShown.of(found)


@router.patch("/{organization_id}", dependencies=[requires("organizations:write")], responses=problems("not_found"))
@allowing(body_bytes=SMALL_BODY)
def change_organization(
    organization_id: Id,
    body: OrganizationChange,
    organizations: Organizations,
    principal: CurrentPrincipal,
    caller: FromCaller,
    if_match: IfMatch,
    response: Response,
) -> OrganizationShown:
    """Rename the organization that you are signed in to."""
    if organization_id != principal.org_id:
        raise ProblemError("not_found")
    found = organizations.of_member(organization_id, principal.user_id)
    if_match.require(found.version)
    saved = organizations.rename(found, body.name, by=principal.user_id, caller=caller)
    response.headers["ETag"] = etag(saved.version)
    return OrganizationShown.of(saved)


def _position(organization: Organization) -> tuple[str]:
    return (organization.id,)
