"""What the organization routes read and write."""

from datetime import datetime
from typing import Self

from auth_service.wire import Answer, Name, Request, Slug
from lyceum_database import Organization


class OrganizationCreate(Request):
    """A new organization. The slug is for good: it stands in addresses."""

    slug: Slug
    name: Name


class OrganizationChange(Request):
    """Another name."""

    name: Name


class OrganizationShown(Answer):
    """An organization, to its members."""

    id: str
    slug: str
    name: str
    plan: str
    status: str
    created_at: datetime | None

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
