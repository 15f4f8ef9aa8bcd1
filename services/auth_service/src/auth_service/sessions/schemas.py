"""What the session routes read and write."""

from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr

from auth_service.sessions.login import Credentials
from auth_service.sessions.refresh_token import EXAMPLE as TOKEN_EXAMPLE
from auth_service.sessions.signed_in import SignedIn
from auth_service.wire import Password, ShownAddress, ShownId, ShownMoment, SignInName
from lyceum_database import Session
from lyceum_web.schemas import Answer, Request

Token = Annotated[
    SecretStr,
    Field(
        min_length=1,
        max_length=200,
        examples=[TOKEN_EXAMPLE],
    ),
]


class Login(Request):
    """What somebody signs in with."""

    email: SignInName
    password: Password
    organization: Annotated[str, Field(min_length=1, max_length=64, examples=["north-school"])] | None = Field(
        default=None, description="Slug or id of the organization to sign in to; your own if it is left out."
    )
    device: Annotated[str, Field(min_length=1, max_length=200, examples=["Ada's phone"])] | None = Field(
        default=None, description="What you call this device, to know it again among your sessions."
    )

    @property
    def credentials(self) -> Credentials:
        """The same, for the service."""
        return Credentials(
            email=self.email,
            password=self.password.get_secret_value(),
            organization=self.organization,
            device=self.device,
        )


class TokenRefresh(Request):
    """A refresh token, to be exchanged."""

    refresh_token: Token


class TokenPair(Answer):
    """Both tokens of a session; names as RFC 6749, section 5.1, has them."""

    access_token: Annotated[str, Field(examples=["eyJhbGciOiJFZDI1NTE5In0.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl"])]
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind of token
    expires_in: int = Field(examples=[600], description="Seconds until the access token expires.")
    refresh_token: str = Field(
        examples=[TOKEN_EXAMPLE],
        description="Good once.",
    )
    refresh_expires_in: int = Field(examples=[2592000], description="Seconds until the session expires.")
    session_id: ShownId

    @classmethod
    def of(cls, signed_in: SignedIn) -> Self:
        """Hand the pair out."""
        return cls(
            access_token=signed_in.access_token,
            expires_in=signed_in.expires_in_s,
            refresh_token=signed_in.refresh_token,
            refresh_expires_in=signed_in.refresh_expires_in_s,
            session_id=signed_in.session_id,
        )


class SessionShown(Answer):
    """A sign-in, to the person."""

    id: ShownId
    organization_id: ShownId
    device: Annotated[str | None, Field(examples=["Ada's phone"])]
    address: ShownAddress | None
    user_agent: Annotated[str | None, Field(examples=["Mozilla/5.0"])]
    current: bool = Field(description="Whether it is the session that this request came with.")
    signed_in_at: ShownMoment
    refreshed_at: ShownMoment | None
    expires_at: ShownMoment

    @classmethod
    def of(cls, session: Session, current_id: str) -> Self:
        """Show a session to its person."""
        return cls(
            id=session.id,
            organization_id=session.org_id,
            device=session.device,
            address=session.ip,
            user_agent=session.user_agent,
            current=session.id == current_id,
            signed_in_at=session.issued_at,
            refreshed_at=session.refreshed_at,
            expires_at=session.expires_at,
        )
