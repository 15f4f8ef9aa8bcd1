"""From a request to who is calling."""

import logging
from collections.abc import Iterable, MutableMapping
from functools import partial
from typing import Any

from starlette.requests import HTTPConnection

from lyceum_web.security.directory import Directory
from lyceum_web.security.errors import InvalidToken, Unauthenticated
from lyceum_web.security.flights import Flights
from lyceum_web.security.principal import Principal
from lyceum_web.security.tokens import TokenVerifier, UnknownKey

_PRINCIPAL = "lyceum.principal"

log = logging.getLogger(__name__)


class Security:
    """How this application knows who is calling; `create_application` keeps it as `app.state.security`.

    Args:
        verifier: judges tokens.
        directory: says what their sessions count for now.
    """

    def __init__(self, verifier: TokenVerifier, directory: Directory) -> None:
        self.verifier = verifier
        self.directory = directory
        self._flights: Flights[Any] = Flights()

    def known(self, token: str) -> Principal | None:
        """Return who is calling if nothing has to be looked up or computed for it, else None.

        Raises:
            InvalidToken: the session is known to have ended.
        """
        claims = self.verifier.remembered(token)
        return None if claims is None else self.directory.cached(claims)

    async def find(self, token: str) -> Principal:
        """Return who is calling.

        Raises:
            InvalidToken: the token proves nothing (any more).
            AuthenticationUnavailable: there are no keys to judge it by.
            lyceum_database.Unavailable: the database does not answer.
        """
        keys = self.verifier.keys
        if keys.stale():
            self._flights.start("keys", keys.refresh)
        try:
            claims = self.verifier.verify_with_held_keys(token)
        except UnknownKey:
            await self._flights.join("keys", keys.refresh)
            claims = self.verifier.verify_with_held_keys(token)
        cached = self.directory.cached(claims)
        if cached is not None:
            return cached
        name = (self.directory.generation, claims.session_id, claims.user_id, claims.org_id)
        found: Principal = await self._flights.join(name, partial(self.directory.principal, claims))
        return found


async def authenticate(connection: HTTPConnection) -> Principal:
    """Return who is calling; the answer is kept for the rest of the request.

    Raises:
        Unauthenticated: no token came.
        InvalidToken: it proves nothing (any more).
        AuthenticationUnavailable: there are no keys to judge it by.
        lyceum_database.Unavailable: the database does not answer.
    """
    scope = connection.scope
    found = scope.get(_PRINCIPAL)
    if found is None:
        found = scope[_PRINCIPAL] = await _found(scope)
    principal: Principal = found
    return principal


async def authenticate_again(connection: HTTPConnection) -> Principal:
    """Return who is calling now, for a request that lasts: what counted when it came may have ended since.

    Raises:
        InvalidToken: the token proves nothing any more.
        AuthenticationUnavailable: as `authenticate`.
        lyceum_database.Unavailable: as `authenticate`.
    """
    principal = await _found(connection.scope)
    connection.scope[_PRINCIPAL] = principal
    return principal


async def _found(scope: MutableMapping[str, Any]) -> Principal:
    security: Security = scope["app"].state.security
    try:
        token = bearer_token(scope["headers"])
        return security.known(token) or await security.find(token)
    except InvalidToken as exc:
        log.info("a token was refused: %s", exc.reason, extra={"action": "token_refused", "reason": exc.reason})
        raise


def principal_in(scope: MutableMapping[str, Any]) -> Principal | None:
    """Return who was found to be calling in this request so far, e.g. for the access log."""
    found: Principal | None = scope.get(_PRINCIPAL)
    return found


def bearer_token(headers: Iterable[tuple[bytes, bytes]]) -> str:
    """Return what the one `Authorization: Bearer` header holds (RFC 6750, section 2.1), whether or not it is a token.

    Raises:
        Unauthenticated: there is no such header, or it is for another scheme.
        InvalidToken: there are several.
    """
    found: bytes | None = None
    for name, value in headers:
        if name == b"authorization":
            if found is not None:
                raise InvalidToken("came with more than one Authorization header")
            found = value
    if found is None:
        raise Unauthenticated
    scheme, _, token = found.partition(b" ")
    if scheme.lower() != b"bearer":
        raise Unauthenticated
    return token.strip(b" ").decode("latin-1")
