"""What the role routes read and write."""

from typing import Annotated, Self

from pydantic import Field

from auth_service.wire import Permission, RoleName, ShownId, ShownMoment, ShownPermissions
from lyceum_database import Role
from lyceum_web.schemas import Answer, Request

Permissions = Annotated[list[Permission], Field(max_length=100, description="What the role permits; all yours.")]


class RoleCreate(Request):
    """A new role. Its name is for good: events and tokens carry it."""

    name: RoleName
    permissions: Permissions


class RoleChange(Request):
    """What the role permits from now on."""

    permissions: Permissions


class RoleShown(Answer):
    """A role of an organization."""

    id: ShownId
    name: RoleName
    permissions: ShownPermissions
    builtin: bool = Field(description="Whether it is the platform's own, alike in every organization.")
    created_at: ShownMoment | None
    updated_at: ShownMoment | None

    @classmethod
    def of(cls, role: Role) -> Self:
        """Show a role."""
        return cls(
            id=role.id,
            name=role.name,
            permissions=list(role.permissions),
            builtin=role.builtin,
            created_at=role.created_at,
            updated_at=role.updated_at,
        )
