"""Who is calling."""

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Claims:
    """What a verified access token says. It proves a sign-in; whether that still counts, the directory knows."""

    user_id: str
    session_id: str
    org_id: str
    token_id: str
    issued_at: datetime
    expires_at: datetime
    roles: frozenset[str] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class Principal:
    """A signed-in person, in the one organization that the token is for, with what its roles there permit.

    Attributes:
        roles: names of the person's roles in this organization, as stored now, not as when the token was made.
        permissions: what these roles permit, `noun:verb` each.
    """

    user_id: str
    session_id: str
    org_id: str
    roles: frozenset[str] = field(default_factory=frozenset)
    permissions: frozenset[str] = field(default_factory=frozenset)

    def may(self, permission: str) -> bool:
        """Tell whether one of the roles grants the permission."""
        return permission in self.permissions
