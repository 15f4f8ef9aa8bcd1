"""Keys and tokens for tests: forged in every detail if need be."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from joserfc import jws
from joserfc.jwk import OKPKey

from lyceum_database import new_id
from lyceum_web.security.compact import ALGORITHM, TYPE
from lyceum_web.security.keys import StaticKeys

ISSUER = "https://auth.test"
AUDIENCE = "lyceum"


class SigningKey:
    """A key pair, with the tokens that it signs."""

    def __init__(self, kid: str = "test-1") -> None:
        self.kid = kid
        self.private = OKPKey.generate_key("Ed25519")
        self.public = OKPKey.import_key(self.private.as_dict(private=False))

    @property
    def keys(self) -> StaticKeys:
        """The public half, as a verifier wants it."""
        return StaticKeys({self.kid: self.public})

    def signed(self, payload: bytes, header: Mapping[str, Any] | None = None) -> str:
        """Sign a payload; `header` replaces members of the usual one, None removes a member."""
        members = {"alg": ALGORITHM, "typ": TYPE, "kid": self.kid, **(header or {})}
        kept = {name: value for name, value in members.items() if value is not None}
        return jws.serialize_compact(kept, payload, self.private, algorithms=[ALGORITHM, "EdDSA"])


def claims_at(now: datetime, *, lifetime: timedelta = timedelta(minutes=10), **others: Any) -> dict[str, Any]:
    """Return what a good token says that is made at this moment, with `others` in place of its usual claims."""
    seconds = int(now.timestamp())
    usual = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": "user-1",
        "sid": "session-1",
        "org": "default",
        "roles": [],
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + int(lifetime.total_seconds()),
        "jti": new_id(),
    }
    return {name: value for name, value in {**usual, **others}.items() if value is not None}
