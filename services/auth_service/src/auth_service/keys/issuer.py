"""Access tokens: who signed in, for which organization, for ten minutes."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from joserfc import jwt

from auth_service.keys.directory import KeyDirectory
from auth_service.keys.rules import LONGEST_TOKEN_LIFETIME
from auth_service.keys.signing_key import ALGORITHM
from lyceum_database import Clock, new_id, utc_now

TYPE = "at+jwt"
"""RFC 9068, section 2.1."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token, and how long it is good."""

    token: str = field(repr=False)
    expires_at: datetime
    expires_in_s: int


class TokenIssuer:
    """Makes access tokens with whichever key has its turn.

    Args:
        keys: the signing keys.
        issuer: the `iss` that verifiers ask for.
        audience: the `aud` that verifiers ask for.
        lifetime: of a token; whole seconds, 15 minutes at most.
        clock: tells the time.
    """

    def __init__(
        self,
        keys: KeyDirectory,
        *,
        issuer: str,
        audience: str = "lyceum",
        lifetime: timedelta = timedelta(minutes=10),
        clock: Clock = utc_now,
    ) -> None:
        if not timedelta(seconds=1) <= lifetime <= LONGEST_TOKEN_LIFETIME:
            raise ValueError(f"a token lives between 1 s and {LONGEST_TOKEN_LIFETIME}, not {lifetime}")
        self._keys = keys
        self._issuer = issuer
        self._audience = audience
        self._lifetime_s = int(lifetime.total_seconds())
        self._clock = clock

    def issue(self, *, user_id: str, session_id: str, org_id: str, roles: Iterable[str]) -> IssuedToken:
        """Make a token for one sign-in in one organization; `roles` are names."""
        key = self._keys.current()
        now = int(self._clock().timestamp())
        expires = now + self._lifetime_s
        claims = {
            "iss": self._issuer,
            "aud": self._audience,
            "sub": user_id,
            "sid": session_id,
            "org": org_id,
            "roles": sorted(roles),
            "iat": now,
            "nbf": now,
            "exp": expires,
            "jti": new_id(),
        }
        header = {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}
        token = jwt.encode(header, claims, key.private, algorithms=[ALGORITHM])
        return IssuedToken(token, datetime.fromtimestamp(expires, self._clock().tzinfo), self._lifetime_s)
