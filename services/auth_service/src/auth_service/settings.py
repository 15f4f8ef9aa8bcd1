"""What the program is told by its environment, read once at start."""

import os
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from auth_service.passwords.hashing import Argon2Cost
from auth_service.throttling import Limits
from keylane import KafkaSettings
from lyceum_database import MongoSettings
from lyceum_program.environment import read
from lyceum_program.kafka import KafkaEnvironment
from lyceum_web.rates import Limit
from lyceum_web.settings import WebSettings

NAME = "auth-service"
"""Of the program, where it speaks to people and to Kafka."""
ISSUER = "lyceum-auth"
"""The `iss` of every access token where nothing else is said; the other services ask for the same."""


def _cores() -> int:
    return os.cpu_count() or 1


def _rate(text: str) -> str:
    Limit.of("rate", text)
    return text


def default_limits() -> Limits:
    """Return how many tries there are where nothing else is said."""
    return Limits.of(**_RATES)


_COST = Argon2Cost()
_RATES = {"account": "10/15 minutes", "address": "300/15 minutes", "sign_up": "100/hour", "token": "1200/15 minutes"}

Rate = Annotated[str, AfterValidator(_rate)]
"""Such as `10/15 minutes`."""


class OwnEnvironment(BaseSettings):
    """What belongs to this program alone."""

    model_config = SettingsConfigDict(env_prefix="AUTH_", env_ignore_empty=True, frozen=True, extra="ignore")

    keys_directory: Path = Field(examples=["the directory of the signing keys, e.g. /var/lib/lyceum/keys"])
    issuer: str = Field(default=ISSUER, pattern=r"^[\x21-\x7e]{1,200}$")
    audience: str = Field(default="lyceum", pattern=r"^[\x21-\x7e]{1,200}$")
    access_token_seconds: int = Field(default=600, ge=30, le=900)
    session_days: int = Field(default=30, ge=1, le=365)
    invitation_days: int = Field(default=7, ge=1, le=60)
    outbox_lease_seconds: float = Field(default=30, ge=1, le=600)
    breached_passwords: Path | None = None
    hashes_at_once: int = Field(default_factory=_cores, ge=1, le=256)
    hashes_waiting: int = Field(default=32, ge=0, le=10_000)
    hash_wait_seconds: float = Field(default=5, ge=0.1, le=60)
    hash_memory_kib: int = Field(default=_COST.memory_kib, ge=7_168, le=4_194_304)
    hash_passes: int = Field(default=_COST.passes, ge=1, le=20)
    limit_account: Rate = _RATES["account"]
    limit_address: Rate = _RATES["address"]
    limit_sign_up: Rate = _RATES["sign_up"]
    limit_token: Rate = _RATES["token"]

    def limits(self) -> Limits:
        """Return how many tries there are."""
        return Limits.of(
            account=self.limit_account,
            address=self.limit_address,
            sign_up=self.limit_sign_up,
            token=self.limit_token,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthSettings:
    """Everything the composition root needs.

    Attributes:
        web: what every HTTP service has.
        mongo: how to reach the database.
        kafka: how to reach Kafka.
        keys_directory: of the signing keys; several replicas share it.
        topic_prefix: stands before the name of the topic that is written.
        issuer: `iss` of the access tokens.
        audience: `aud` of the access tokens.
        access_lifetime: of an access token.
        session_lifetime: of a sign-in that nobody ends.
        invitation_lifetime: of an invitation that nobody accepts.
        outbox_lease: how long the events that a process had in hand wait when it died.
        breached_passwords: a sorted file of SHA-1 hashes; None for the bundled list alone.
        hashes_at_once: password hashes that are computed at one time.
        hashes_waiting: that wait for their turn; more are refused.
        hash_wait_s: how long, in seconds.
        hash_cost: of one of them.
        limits: of tries.
    """

    web: WebSettings
    mongo: MongoSettings
    kafka: KafkaSettings
    keys_directory: Path
    topic_prefix: str = ""
    issuer: str = ISSUER
    audience: str = "lyceum"
    access_lifetime: timedelta = timedelta(minutes=10)
    session_lifetime: timedelta = timedelta(days=30)
    invitation_lifetime: timedelta = timedelta(days=7)
    outbox_lease: timedelta = timedelta(seconds=30)
    breached_passwords: Path | None = None
    hashes_at_once: int = field(default_factory=_cores)
    hashes_waiting: int = 32
    hash_wait_s: float = 5.0
    hash_cost: Argon2Cost = field(default_factory=Argon2Cost)
    limits: Limits = field(default_factory=default_limits)


def read_settings() -> AuthSettings:
    """Read the environment and the secret files.

    Raises:
        StartRefused: a value is missing or cannot work; names the variable and what to do, never a secret.
    """
    web = read(WebSettings)
    mongo = read(MongoSettings)
    kafka = read(KafkaEnvironment)
    own = read(OwnEnvironment)
    return AuthSettings(
        web=web,
        mongo=mongo,
        kafka=kafka.connection(client_id=NAME),
        topic_prefix=kafka.topic_prefix,
        keys_directory=own.keys_directory,
        issuer=own.issuer,
        audience=own.audience,
        access_lifetime=timedelta(seconds=own.access_token_seconds),
        session_lifetime=timedelta(days=own.session_days),
        invitation_lifetime=timedelta(days=own.invitation_days),
        outbox_lease=timedelta(seconds=own.outbox_lease_seconds),
        breached_passwords=own.breached_passwords,
        hashes_at_once=own.hashes_at_once,
        hashes_waiting=own.hashes_waiting,
        hash_wait_s=own.hash_wait_seconds,
        hash_cost=Argon2Cost(memory_kib=own.hash_memory_kib, passes=own.hash_passes),
        limits=own.limits(),
    )
