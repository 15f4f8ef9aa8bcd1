"""What the user routes read and write."""

from typing import Annotated, Literal, Self

from pydantic import Field

from auth_service.users.service import Member, MemberChange
from auth_service.wire import Reason, RoleName, ShownEmail, ShownId, ShownMoment, ShownName, ShownRoles, ShownUserStatus
from lyceum_web.schemas import Answer, Change


class UserChange(Change):
    """What is to be different; what is left out stays."""

    status: Literal["active", "suspended"] | None = Field(
        default=None, description="Whether the person may sign in. Suspending ends all sessions."
    )
    roles: Annotated[list[RoleName], Field(max_length=50)] | None = Field(
        default=None, description="Names of all roles that the person has in this organization from now on."
    )
    reason: Reason = Field(default="", description="Why; it is kept, and goes out with the event.")

    @property
    def change(self) -> MemberChange:
        """The same, for the service."""
        return MemberChange(
            status=self.status, roles=None if self.roles is None else frozenset(self.roles), reason=self.reason
        )


class UserShown(Answer):
    """A member, to those who look after the organization."""

    id: ShownId
    email: ShownEmail | None
    name: ShownName
    status: ShownUserStatus
    roles: ShownRoles
    created_at: ShownMoment | None
    last_login_at: ShownMoment | None

    @classmethod
    def of(cls, member: Member) -> Self:
        """Show a member."""
        user = member.user
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            status=user.status,
            roles=[role.name for role in member.roles],
            created_at=user.created_at,
            last_login_at=user.last_login_at,
        )
