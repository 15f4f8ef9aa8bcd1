"""Callers for tests of routes: signed in without a database."""

import json
from collections.abc import Iterable
from datetime import timedelta

from lyceum_database import DEFAULT_ORG, Clock, new_id, utc_now
from lyceum_web.security.authentication import Security
from lyceum_web.security.errors import InvalidToken
from lyceum_web.security.principal import Claims, Principal
from lyceum_web.security.tokens import TokenVerifier
from lyceum_web.testing.keys import AUDIENCE, ISSUER, SigningKey, claims_at


class Callers:
    """People who are signed in, with tokens that are verified like real ones and permissions that a test chooses.

    Example:
        callers = Callers()
        app = create_application(..., security=callers.security)
        client.get("/v1/courses", headers=callers.headers("ana", permissions=["courses:read"]))
    """

    def __init__(self, *, clock: Clock = utc_now) -> None:
        self.key = SigningKey()
        self._clock = clock
        self.generation = 0
        self._principals: dict[str, Principal] = {}
        self.security = Security(
            TokenVerifier(self.key.keys, issuer=ISSUER, audience=AUDIENCE, clock=clock),
            self,
        )

    def token_for(
        self,
        user_id: str = "user-1",
        *,
        permissions: Iterable[str] = (),
        roles: Iterable[str] = (),
        org_id: str = DEFAULT_ORG,
        lifetime: timedelta = timedelta(minutes=10),
    ) -> str:
        """Sign somebody in, and return the access token."""
        principal = Principal(user_id, new_id(), org_id, frozenset(roles), frozenset(permissions))
        self._principals[principal.session_id] = principal
        claims = claims_at(self._clock(), lifetime=lifetime, sub=user_id, sid=principal.session_id, org=org_id)
        return self.key.signed(json.dumps(claims).encode())

    def headers(
        self, user_id: str = "user-1", *, permissions: Iterable[str] = (), org_id: str = DEFAULT_ORG
    ) -> dict[str, str]:
        """Sign somebody in, and return the headers of their requests."""
        return {"Authorization": f"Bearer {self.token_for(user_id, permissions=permissions, org_id=org_id)}"}

    def sign_out(self, user_id: str) -> None:
        """End all sessions of a person."""
        for principal in [each for each in self._principals.values() if each.user_id == user_id]:
            del self._principals[principal.session_id]

    def cached(self, claims: Claims) -> Principal | None:
        """Return who is calling: nothing has to be looked up.

        Raises:
            InvalidToken: they signed out.
        """
        return self.principal(claims)

    def principal(self, claims: Claims) -> Principal:
        """Return who is calling.

        Raises:
            InvalidToken: they signed out.
        """
        found = self._principals.get(claims.session_id)
        if found is None:
            raise InvalidToken("signed out")
        return found
