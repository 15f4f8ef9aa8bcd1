"""How a service that is not the issuer knows who is calling, as its environment tells it."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from lyceum_database import (
    Clock,
    RoleRepository,
    SessionRepository,
    UserRepository,
    utc_now,
)
from lyceum_web.security.authentication import Security
from lyceum_web.security.directory import PrincipalDirectory
from lyceum_web.security.keys import KeySource
from lyceum_web.security.remote_keys import RemoteKeys
from lyceum_web.security.tokens import TokenVerifier


class TokenSettings(BaseSettings):
    """Whose access tokens count; the names are those of the auth service's own settings.

    Attributes:
        keys_url: of the key set by which tokens are verified.
        issuer: the `iss` of every token that counts.
        audience: the `aud` of every token that counts.
    """

    model_config = SettingsConfigDict(env_prefix="AUTH_", env_ignore_empty=True, frozen=True, extra="ignore")

    keys_url: str = Field(
        examples=["the address of the auth service's key set, e.g. http://auth-service:8000/.well-known/jwks.json"]
    )
    issuer: str = Field(default="lyceum-auth", pattern=r"^[\x21-\x7e]{1,200}$")
    audience: str = Field(default="lyceum", pattern=r"^[\x21-\x7e]{1,200}$")

    def security(self, keys: KeySource | None = None, *, clock: Clock = utc_now) -> Security:
        """Return what knows who is calling: by the issuer's keys, and by sessions, people and roles in the database.

        Args:
            keys: instead of those at `keys_url`, for where the issuer is in the same process.
            clock: tells the time.

        Raises:
            StartRefused: `keys_url` cannot be an address.
        """
        verifier = TokenVerifier(
            keys or RemoteKeys(self.keys_url), issuer=self.issuer, audience=self.audience, clock=clock
        )
        directory = PrincipalDirectory(
            SessionRepository(clock=clock), UserRepository(clock=clock), RoleRepository(clock=clock), clock=clock
        )
        return Security(verifier, directory)
