"""What the domains need from elsewhere."""

from collections.abc import Iterable
from typing import Protocol


class IssuedToken(Protocol):
    """An access token, and how long it is good."""

    @property
    def token(self) -> str: ...  # noqa: D102 - as the class says
    @property
    def expires_in_s(self) -> int: ...  # noqa: D102 - as the class says


class Tokens(Protocol):
    """Makes access tokens."""

    def issue(self, *, user_id: str, session_id: str, org_id: str, roles: Iterable[str]) -> IssuedToken:
        """Make a token for one sign-in in one organization; `roles` are names."""


class Standings(Protocol):
    """What this process believes of sessions and roles for a few seconds; it can be told that something changed."""

    def forget(self, session_id: str) -> None:
        """Look the session up anew at its next request."""

    def forget_all(self) -> None:
        """Look every session up anew."""
