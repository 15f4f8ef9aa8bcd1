"""What the account routes read and write."""

from typing import Annotated, Literal, Self

from pydantic import Field

from auth_service.wire import (
    EmailAddress,
    Locale,
    Name,
    NewPassword,
    Password,
    ShownEmail,
    ShownId,
    ShownMoment,
    ShownName,
    ShownPermissions,
    ShownRoles,
    ShownSlug,
    TimeZone,
)
from lyceum_database import Organization, User
from lyceum_web.schemas import Answer, Change, Request
from lyceum_web.security import Principal


class SignUp(Request):
    """A new account. Which role it has is nobody's choice: everybody begins as a student."""

    email: EmailAddress
    password: NewPassword
    name: Name
    locale: Locale = "en"
    tz: TimeZone = "UTC"


class SignUpTaken(Answer):
    """The answer to every sign-up, whether or not the address had an account."""

    status: Literal["accepted"] = "accepted"
    detail: str = Field(default="If this address had no account, it has one now: sign in.")


class MyOrganization(Answer):
    """The organization that somebody is signed in to."""

    id: ShownId
    slug: ShownSlug
    name: Annotated[ShownName, Field(examples=["North School"])]


class Me(Answer):
    """A person, to themselves."""

    id: ShownId
    email: ShownEmail | None
    name: ShownName
    locale: Locale
    tz: Annotated[str, Field(examples=["Europe/London"])]
    session_id: ShownId
    organization: MyOrganization
    roles: ShownRoles
    permissions: ShownPermissions
    created_at: ShownMoment | None
    last_login_at: ShownMoment | None

    @classmethod
    def of(cls, user: User, organization: Organization, principal: Principal) -> Self:
        """Show the person what is stored of them, and what they may do here now."""
        return cls(
            id=user.id,
            email=user.email,
            name=user.name,
            locale=user.locale,
            tz=user.tz,
            session_id=principal.session_id,
            organization=MyOrganization(id=organization.id, slug=organization.slug, name=organization.name),
            roles=sorted(principal.roles),
            permissions=sorted(principal.permissions),
            created_at=user.created_at,
            last_login_at=user.last_login_at,
        )


class MeChange(Change):
    """What somebody may change of themselves; what is left out stays."""

    name: Name | None = None
    locale: Locale | None = None
    tz: TimeZone | None = None


class PasswordChange(Request):
    """Another password."""

    current_password: Password
    new_password: NewPassword
