"""What the keys look like to others."""

from collections.abc import Iterable
from typing import Literal, Self

from pydantic import Field

from auth_service.keys.signing_key import SigningKey
from lyceum_web.schemas import Answer


class Jwk(Answer):
    """The public half of an Ed25519 key (RFC 8037)."""

    kty: Literal["OKP"] = "OKP"
    crv: Literal["Ed25519"] = "Ed25519"
    x: str = Field(examples=["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"])
    kid: str = Field(
        description="Tokens name it in their header.", examples=["kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"]
    )
    use: Literal["sig"] = "sig"
    alg: Literal["Ed25519"] = "Ed25519"


class JwkSet(Answer):
    """All keys whose tokens may be about (RFC 7517, section 5)."""

    keys: list[Jwk]

    @classmethod
    def of(cls, keys: Iterable[SigningKey]) -> Self:
        """Show the public halves, and nothing else."""
        return cls(keys=[Jwk(x=str(key.public["x"]), kid=key.kid) for key in keys])
