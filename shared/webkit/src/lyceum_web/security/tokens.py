"""Access tokens: signed with Ed25519, judged by one explicit list of everything they have to be."""

from collections import OrderedDict
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from threading import Lock
from typing import Annotated

from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from lyceum_database import Clock, utc_now
from lyceum_database.ids import MAX_LENGTH as MAX_ID_LENGTH
from lyceum_web.security.compact import ALGORITHM, key_id, payload
from lyceum_web.security.errors import InvalidToken
from lyceum_web.security.keys import KeySource
from lyceum_web.security.principal import Claims

REMEMBERED = 10_000  # good tokens; some 10 MB

_Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=MAX_ID_LENGTH)]
_Seconds = Annotated[int, Field(ge=0, le=253_402_300_799)]  # since 1970, to the end of the year 9999
_RoleName = Annotated[str, StringConstraints(min_length=1, max_length=64)]


class _Payload(BaseModel):
    """RFC 9068 section 2.2, with the platform's `sid`, `org` and `roles`. Nothing is converted, nothing is optional."""

    model_config = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)

    iss: str
    aud: str
    sub: _Id
    sid: _Id
    org: _Id
    jti: _Id
    roles: list[_RoleName]
    iat: _Seconds
    nbf: _Seconds
    exp: _Seconds


class UnknownKey(InvalidToken):
    """The token names a key that is not held: it may be a new one."""


class TokenVerifier:
    """Judges access tokens.

    A token that was found good is remembered by its hash until it expires, or until its key is no longer held, so that
    a signature is computed once per token and process.

    Args:
        keys: the public keys of who issues tokens.
        issuer: whose tokens count.
        audience: for whom they must be.
        clock: tells the time.
        leeway: how far the issuer's clock may differ from it.
        capacity: how many good tokens are remembered.
    """

    def __init__(
        self,
        keys: KeySource,
        *,
        issuer: str,
        audience: str = "lyceum",
        clock: Clock = utc_now,
        leeway: timedelta = timedelta(seconds=5),
        capacity: int = REMEMBERED,
    ) -> None:
        self.keys = keys
        self._issuer = issuer
        self._audience = audience
        self._clock = clock
        self._leeway = leeway
        self._capacity = capacity
        self._good: OrderedDict[bytes, tuple[str, OKPKey, Claims]] = OrderedDict()
        self._writing = Lock()

    def verify(self, token: str) -> Claims:
        """Return what the token says. Fetches keys if it names an unknown one, and may wait for the network.

        Raises:
            InvalidToken: the token proves nothing.
            AuthenticationUnavailable: there are no keys to judge it by.
        """
        try:
            return self.verify_with_held_keys(token)
        except UnknownKey:
            self.keys.refresh()
            return self.verify_with_held_keys(token)

    def verify_with_held_keys(self, token: str) -> Claims:
        """Return what the token says; never waits.

        Raises:
            UnknownKey: the token names a key that is not held.
            InvalidToken: the token proves nothing.
        """
        known = self.remembered(token)
        if known is not None:
            return known
        kid = key_id(token)
        key = self._key(kid)
        _check_signature(token, key)
        claims = self._judged(payload(token))
        self._remember(token, kid, key, claims)
        return claims

    def remembered(self, token: str) -> Claims | None:
        """Return what the token says if it was verified before, with a key that is still held, and is not expired."""
        found = self._good.get(_digest(token))
        if found is None:
            return None
        kid, key, claims = found
        if self.keys.key(kid) is not key or self._expired(claims, self._clock()):
            return None
        return claims

    def _key(self, kid: str) -> OKPKey:
        key = self.keys.key(kid)
        if key is None:
            raise UnknownKey("signed with a key that is not held")
        return key

    def _judged(self, body: bytes) -> Claims:
        try:
            said = _Payload.model_validate_json(body)
        except ValidationError:
            raise InvalidToken("says not what an access token has to say") from None
        if said.iss != self._issuer:
            raise InvalidToken("comes from another issuer")
        if said.aud != self._audience:
            raise InvalidToken("is for another audience")
        claims = _claims(said)
        self._check_times(claims, _moment(said.nbf))
        return claims

    def _check_times(self, claims: Claims, not_before: datetime) -> None:
        now = self._clock()
        if self._expired(claims, now):
            raise InvalidToken("has expired")
        if max(not_before, claims.issued_at) > now + self._leeway:
            raise InvalidToken("is not valid yet")

    def _expired(self, claims: Claims, now: datetime) -> bool:
        return now - claims.expires_at >= self._leeway

    def _remember(self, token: str, kid: str, key: OKPKey, claims: Claims) -> None:
        with self._writing:
            self._good[_digest(token)] = (kid, key, claims)
            while len(self._good) > self._capacity:
                self._good.popitem(last=False)


def _check_signature(token: str, key: OKPKey) -> None:
    try:
        jws.deserialize_compact(token, key, algorithms=[ALGORITHM])
    except JoseError:
        raise InvalidToken("its signature does not fit") from None


def _claims(said: _Payload) -> Claims:
    return Claims(
        user_id=said.sub,
        session_id=said.sid,
        org_id=said.org,
        token_id=said.jti,
        issued_at=_moment(said.iat),
        expires_at=_moment(said.exp),
        roles=frozenset(said.roles),
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _digest(token: str) -> bytes:
    """The token's name in memory: a dump of it gives no token away."""
    return sha256(token.encode("utf-8", "surrogatepass")).digest()
