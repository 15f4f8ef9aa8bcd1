"""What the organization routes read and write."""

from typing import Annotated, Self

from pydantic import Field

from auth_service.wire import Name, ShownId, ShownMoment, ShownName, ShownSlug, Slug
from lyceum_database import Organization
from lyceum_web.schemas import Answer, Request


class OrganizationCreate(Request):
    """A new organization. The slug is for good: it stands in addresses."""

    slug: Slug
    name: Annotated[Name, Field(examples=["North School"])]


class OrganizationChange(Request):
    """Another name."""

    name: Annotated[Name, Field(examples=["North School"])]


class OrganizationShown(Answer):
    """An organization, to its members."""

    id: ShownId
    slug: ShownSlug
    name: Annotated[ShownName, Field(examples=["North School"])]
    plan: Annotated[str, Field(examples=["free"])]
    status: Annotated[str, Field(examples=["active"], description="active or suspended")]
    created_at: ShownMoment | None

    @classmethod
    def of(cls, organization: Organization) -> Self:
        """Show an organization."""
        return cls(
            id=organization.id,
            slug=organization.slug,
            name=organization.name,
            plan=organization.plan,
            status=organization.status,
            created_at=organization.created_at,
        )
