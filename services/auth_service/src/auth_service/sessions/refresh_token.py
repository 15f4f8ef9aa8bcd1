"""What a client shows to stay signed in: the session, its family's secret, and a secret that is good once."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Self

_BYTES = 32
_PART = "[A-Za-z0-9_-]{43}"  # base64url of 32 bytes
_FORM = re.compile(rf"\A([A-Za-z0-9_-]{{1,64}})\.({_PART})({_PART})\Z")

EXAMPLE = (
    "0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5a."
    "YSBzZWNyZXQgdGhhdCBhbGwgb2YgdGhlbSBzaGFyZSEBYW5kIGFub3RoZXIgb25lIHRoYXQgaXMgZ29vZCBvbmNl_"
)
"""Of nothing; for the API's document."""


@dataclass(frozen=True, slots=True)
class RefreshToken:
    """A refresh token in the hands of its holder. Stored are only hashes of its two secrets.

    Without the family's secret, anybody who knows a session's id could pass for the thief of one of its tokens, and so
    end it.
    """

    session_id: str
    family: str = field(repr=False)
    secret: str = field(repr=False)

    @classmethod
    def first(cls, session_id: str) -> Self:
        """Make the first one of a session."""
        return cls(session_id, secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES))

    @classmethod
    def parsed(cls, text: str) -> Self | None:
        """Read one; None if the text is none."""
        match = _FORM.match(text)
        return None if match is None else cls(match[1], match[2], match[3])

    def next(self) -> Self:
        """Make the one that replaces this one."""
        return type(self)(self.session_id, self.family, secrets.token_urlsafe(_BYTES))

    @property
    def text(self) -> str:
        """The token as the client gets it."""
        return f"{self.session_id}.{self.family}{self.secret}"

    @property
    def family_digest(self) -> str:
        """What is stored of the family's secret. A plain hash: it has 256 random bits, so there is nothing to guess."""
        return _digest(self.family)

    @property
    def digest(self) -> str:
        """What is stored of the secret that is good once."""
        return _digest(self.secret)

    def is_of(self, family_digest: str | None) -> bool:
        """Tell whether it was ever issued for the session that this is stored of."""
        return family_digest is not None and hmac.compare_digest(self.family_digest, family_digest)

    def has(self, digest: str) -> bool:
        """Tell whether it is the one that counts."""
        return hmac.compare_digest(self.digest, digest)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
