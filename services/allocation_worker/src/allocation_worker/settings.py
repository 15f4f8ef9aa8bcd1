"""What the program is told by its environment, read once at start."""

import ssl
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from allocation_worker.errors import StartRefused
from keylane import ConfigurationError, KafkaSettings
from lyceum_contracts import ALLOCATION_WORKER
from lyceum_database import MongoSettings, SettingsError

Seconds = Annotated[float, Field(ge=0.05, le=86_400)]
"""Between what a timer can keep and a day."""

SECRETS = Path("/run/secrets")
"""Where container engines put secrets, a file each; the environment wins over them."""

_BOOTSTRAP = ("KafkaSettings.bootstrap_servers", "KAFKA_BOOTSTRAP")
"""The one value that only the runtime can judge: its name there, and the name that a person gave it by."""


class KafkaEnvironment(BaseSettings):
    """`KAFKA_BOOTSTRAP` (required) and the rest of what it takes to reach Kafka."""

    model_config = SettingsConfigDict(
        env_prefix="KAFKA_", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    bootstrap: str
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    ca_file: Path | None = None
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    group: str = Field(default=ALLOCATION_WORKER, pattern=r"^[A-Za-z0-9._-]{1,100}$")
    topic_prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]{0,100}$")
    group_instance_id: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,100}$")
    session_timeout_seconds: Seconds = 30
    heartbeat_interval_seconds: Seconds = 3

    @model_validator(mode="after")
    def _sasl_has_an_account(self) -> Self:
        if self.security_protocol.startswith("SASL") and not (self.sasl_username and self.sasl_password):
            raise ValueError("KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD are needed with this KAFKA_SECURITY_PROTOCOL")
        return self

    @model_validator(mode="after")
    def _a_session_holds_heartbeats(self) -> Self:
        if self.heartbeat_interval_seconds * 2 > self.session_timeout_seconds:
            raise ValueError(
                f"KAFKA_HEARTBEAT_INTERVAL_SECONDS {self.heartbeat_interval_seconds:g}: give at most half of "
                f"KAFKA_SESSION_TIMEOUT_SECONDS {self.session_timeout_seconds:g}"
            )
        return self

    def connection(self) -> KafkaSettings:
        """The runtime's settings."""
        password = self.sasl_password
        return KafkaSettings(
            bootstrap_servers=self.bootstrap,
            client_id=ALLOCATION_WORKER,
            session_timeout=timedelta(seconds=self.session_timeout_seconds),
            heartbeat_interval=timedelta(seconds=self.heartbeat_interval_seconds),
            group_instance_id=self.group_instance_id,
            security_protocol=self.security_protocol,
            ssl_context=self._ssl_context(),
            sasl_mechanism=self.sasl_mechanism,
            sasl_username=self.sasl_username,
            sasl_password=None if password is None else password.get_secret_value(),
        )

    def _ssl_context(self) -> ssl.SSLContext | None:
        if not self.security_protocol.endswith("SSL"):
            return None
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as exc:
            reason = f"KAFKA_CA_FILE {self.ca_file}: {exc.strerror or exc}: give a file of certificates in PEM form"
            raise StartRefused(reason) from exc


class OwnEnvironment(BaseSettings):
    """What belongs to this program alone."""

    model_config = SettingsConfigDict(env_prefix="", env_ignore_empty=True, frozen=True, extra="ignore")

    health_host: str = "0.0.0.0"  # noqa: S104 - inside a container the health check comes from outside the loopback
    health_port: int | None = Field(default=None, ge=0, le=65535)
    sweep_interval_seconds: Seconds = 30
    reconcile_interval_seconds: Seconds = 60
    fairness_interval_seconds: Seconds = 60
    inbox_lease_seconds: Seconds = 30
    concurrency: int = Field(default=32, ge=1, le=1000)
    scarcity: bool = False
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """Everything the composition root needs.

    Attributes:
        mongo: how to reach the database.
        kafka: how to reach Kafka.
        group: the consumer group.
        topic_prefix: stands before the name of every topic that is read or written: several installations on one Kafka.
        sweep_interval: between two looks at everybody who waits.
        reconcile_interval: within which every seat is looked at, by whichever process.
        fairness_interval: between two reckonings of the fairness figures.
        inbox_lease: how long the messages of a process that died wait.
        concurrency: events that are handled at one time; as many threads speak to the database.
        scarcity: keep versatile trainers for rare skills.
        health_host: where the health check is answered.
        health_port: its port; None for no health check, 0 for any free one.
        log_level: of the program's log.
    """

    mongo: MongoSettings
    kafka: KafkaSettings
    group: str = ALLOCATION_WORKER
    topic_prefix: str = ""
    sweep_interval: timedelta = timedelta(seconds=30)
    reconcile_interval: timedelta = timedelta(seconds=60)
    fairness_interval: timedelta = timedelta(seconds=60)
    inbox_lease: timedelta = timedelta(seconds=30)
    concurrency: int = 32
    scarcity: bool = False
    health_host: str = "127.0.0.1"
    health_port: int | None = None
    log_level: str = "INFO"


def read_settings() -> WorkerSettings:
    """Read the environment and the secret files.

    Raises:
        StartRefused: a value is missing or cannot work; names the variable and what to do, never a secret.
    """
    secrets = SECRETS if SECRETS.is_dir() else None
    try:
        mongo = MongoSettings(_secrets_dir=secrets)
        kafka = KafkaEnvironment(_secrets_dir=secrets)
        own = OwnEnvironment(_secrets_dir=secrets)
        connection = kafka.connection()
    except ValidationError as exc:
        raise StartRefused("; ".join(_reason(exc.title, error) for error in exc.errors(include_input=False))) from None
    except SettingsError as exc:
        raise StartRefused(str(exc)) from None
    except ConfigurationError as exc:
        raise StartRefused(str(exc).replace(*_BOOTSTRAP)) from None
    return WorkerSettings(
        mongo=mongo,
        kafka=connection,
        group=kafka.group,
        topic_prefix=kafka.topic_prefix,
        sweep_interval=timedelta(seconds=own.sweep_interval_seconds),
        reconcile_interval=timedelta(seconds=own.reconcile_interval_seconds),
        fairness_interval=timedelta(seconds=own.fairness_interval_seconds),
        inbox_lease=timedelta(seconds=own.inbox_lease_seconds),
        concurrency=own.concurrency,
        scarcity=own.scarcity,
        health_host=own.health_host,
        health_port=own.health_port,
        log_level=own.log_level,
    )


def _reason(title: str, error: Any) -> str:
    prefix = "KAFKA_" if title == KafkaEnvironment.__name__ else ""
    if not error["loc"]:
        return str(error["msg"]).removeprefix("Value error, ")
    variable = prefix + "_".join(str(part) for part in error["loc"]).upper()
    if error["type"] == "missing":
        return f"{variable} is not set: give the address of the server, e.g. localhost:9092"
    if error["type"] == "string_pattern_mismatch":
        return f"{variable}: give up to 100 letters, digits, dots, - or _"
    return f"{variable}: {error['msg']}"
