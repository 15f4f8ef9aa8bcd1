"""What the session routes read and write."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr

from auth_service.sessions.login import Credentials
from auth_service.sessions.signed_in import SignedIn
from auth_service.wire import Answer, Password, Request, SignInName
from lyceum_database import Session

Token = Annotated[SecretStr, Field(min_length=1, max_length=200)]


class Login(Request):
    """What somebody signs in with."""

    email: SignInName
    password: Password
    organization: Annotated[str, Field(min_length=1, max_length=64)] | None = Field(
        default=None, description="Slug or id of the organization to sign in to; your own if it is left out."
    )
    device: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
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

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a kind of token
    expires_in: int = Field(description="Seconds until the access token expires.")
    refresh_token: str = Field(description="Good once.")
    refresh_expires_in: int = Field(description="Seconds until the session expires.")
    session_id: str

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

    id: str
    organization_id: str
    device: str | None
    address: str | None
    user_agent: str | None
    current: bool = Field(description="Whether it is the session that this request came with.")
    signed_in_at: datetime
    refreshed_at: datetime | None
    expires_at: datetime

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
