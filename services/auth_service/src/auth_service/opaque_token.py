"""Tokens that mean something to this service alone: a document's id and a secret of which it keeps the hash."""

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from typing import Self

_BYTES = 32
_FORM = re.compile(r"\A([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{43})\Z")  # 43: base64url of 32 bytes

EXAMPLE = "0190b6c2-7c1e-7d3a-9c55-0f1e2d3c4b5a.Q2hvb3NlIGEgbG9uZyByYW5kb20gc2VjcmV0IGhlcmU"
"""Of nothing; for the API's document."""


@dataclass(frozen=True, slots=True)
class OpaqueToken:
    """A token in the hands of its holder. Stored is only its digest."""

    document_id: str
    secret: str = field(repr=False)

    @classmethod
    def new(cls, document_id: str) -> Self:
        """Make one that nobody can guess."""
        return cls(document_id, secrets.token_urlsafe(_BYTES))

    @classmethod
    def parsed(cls, text: str) -> Self | None:
        """Read one; None if the text is none, so that a typing error ends nothing."""
        match = _FORM.match(text)
        return None if match is None else cls(match[1], match[2])

    @property
    def text(self) -> str:
        """The token as the client gets it."""
        return f"{self.document_id}.{self.secret}"

    @property
    def digest(self) -> str:
        """What is stored. A plain hash: the secret has 256 random bits, so there is nothing to guess."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def has(self, digest: str) -> bool:
        """Tell whether the stored hash is this token's, in a time that says nothing about it."""
        return hmac.compare_digest(self.digest, digest)
