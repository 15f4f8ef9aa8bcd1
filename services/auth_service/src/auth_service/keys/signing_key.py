"""One signing key: its halves, and when its turn comes."""

from dataclasses import dataclass, field
from datetime import datetime

from joserfc.jwk import OKPKey

ALGORITHM = "Ed25519"
"""As RFC 9864 names it."""


@dataclass(frozen=True, slots=True, eq=False)
class SigningKey:
    """A key pair under the id by which tokens name it: the thumbprint of its public half (RFC 7638).

    Attributes:
        file: name of the file that holds it.
        starts_at: when it begins to sign; until then it is only published.
    """

    kid: str
    file: str
    starts_at: datetime
    private: OKPKey = field(repr=False)
    public: OKPKey = field(repr=False)

    @property
    def turn(self) -> tuple[datetime, str]:
        """By what keys are ordered: every reader of a directory comes to the same order."""
        return self.starts_at, self.file
