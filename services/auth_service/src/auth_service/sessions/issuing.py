"""The pair of tokens that a session is worth now."""

from auth_service.ports import Tokens
from auth_service.roles.repository import Roles
from auth_service.sessions.refresh_token import RefreshToken
from auth_service.sessions.signed_in import SignedIn
from lyceum_database import Clock, Session, User, utc_now


class Issuing:
    """Makes the pair, with the roles that the person has in the session's organization at this moment."""

    def __init__(self, tokens: Tokens, roles: Roles, *, clock: Clock = utc_now) -> None:
        self._tokens = tokens
        self._roles = roles
        self._clock = clock

    def signed_in(self, user: User, session: Session, token: RefreshToken) -> SignedIn:
        """Return what the client gets."""
        roles = [role.name for role in self._roles.of(user.roles, org_id=session.org_id)]
        access = self._tokens.issue(user_id=user.id, session_id=session.id, org_id=session.org_id, roles=roles)
        return SignedIn(
            access_token=access.token,
            expires_in_s=access.expires_in_s,
            refresh_token=token.text,
            refresh_expires_in_s=int((session.expires_at - self._clock()).total_seconds()),
            session_id=session.id,
        )
