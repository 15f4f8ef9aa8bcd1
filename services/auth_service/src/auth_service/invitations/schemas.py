"""What the invitation routes read and write."""

from typing import Annotated, Self

from pydantic import Field

from auth_service.invitations.acceptance import Joined
from auth_service.invitations.joining import NewMember
from auth_service.invitations.service import Viewed
from auth_service.opaque_token import EXAMPLE as TOKEN_EXAMPLE
from auth_service.wire import (
    EmailAddress,
    Locale,
    Name,
    Password,
    RoleName,
    ShownEmail,
    ShownId,
    ShownMoment,
    ShownRoles,
    SignInName,
    TimeZone,
)
from lyceum_web.schemas import Answer, Request

InvitationToken = Annotated[str, Field(min_length=1, max_length=200, description="As the inviter handed it on.")]


class InvitationCreate(Request):
    """Somebody is asked to join your organization."""

    email: EmailAddress
    roles: Annotated[
        list[RoleName],
        Field(min_length=1, max_length=20, description="Names of roles that permit nothing beyond your own."),
    ]


class InvitationShown(Answer):
    """An invitation, to those who look after the organization."""

    id: ShownId
    email: ShownEmail
    roles: ShownRoles
    status: str = Field(examples=["pending"], description="pending, accepting, accepted, revoked or expired")
    invited_by: ShownId
    accepted_by: ShownId | None
    created_at: ShownMoment | None
    expires_at: ShownMoment

    @classmethod
    def of(cls, viewed: Viewed) -> Self:
        """Show an invitation, with the names of its roles."""
        return cls.model_validate(_shown(viewed))


class InvitationMade(InvitationShown):
    """A new invitation, with what its address needs to accept it."""

    token: str | None = Field(
        examples=[TOKEN_EXAMPLE],
        description="Hand it to the person. It is stored nowhere: the same request sent again gets another one, which "
        "alone is good then; null if the invitation cannot be accepted any more.",
    )


class InvitationAcceptance(Request):
    """Who accepts. Whoever has an account gives its password; the rest is for a new one."""

    email: SignInName
    password: Password
    name: Name
    locale: Locale = "en"
    tz: TimeZone = "UTC"

    @property
    def member(self) -> NewMember:
        """The same, for the service."""
        return NewMember(
            email=self.email,
            password=self.password.get_secret_value(),
            name=self.name,
            locale=self.locale,
            tz=self.tz,
        )


class InvitationAccepted(Answer):
    """Where somebody belongs now."""

    user_id: ShownId
    organization_id: ShownId
    organization: str = Field(examples=["north-school"], description="Its slug, to sign in to.")
    roles: ShownRoles

    @classmethod
    def of(cls, joined: Joined) -> Self:
        """Show what was joined."""
        return cls(
            user_id=joined.user.id,
            organization_id=joined.organization.id,
            organization=joined.organization.slug,
            roles=[role.name for role in joined.roles],
        )


def _shown(viewed: Viewed) -> dict[str, object]:
    invitation = viewed.invitation
    return {
        "id": invitation.id,
        "email": invitation.email,
        "roles": list(viewed.roles),
        "status": viewed.status,
        "invited_by": invitation.invited_by,
        "accepted_by": invitation.accepted_by,
        "created_at": invitation.created_at,
        "expires_at": invitation.expires_at,
    }
