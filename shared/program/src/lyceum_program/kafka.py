"""How a program reaches Kafka, as its environment says."""

import ssl
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from keylane import ConfigurationError, KafkaSettings
from lyceum_program.errors import StartRefused

Seconds = Annotated[float, Field(ge=0.05, le=86_400)]
"""Between what a timer can keep and a day."""

_BOOTSTRAP = ("KafkaSettings.bootstrap_servers", "KAFKA_BOOTSTRAP")
"""The one value that only the runtime can judge: its name there, and the name that a person gave it by."""


class KafkaEnvironment(BaseSettings):
    """`KAFKA_BOOTSTRAP` (required) and the rest of what it takes to reach Kafka."""

    model_config = SettingsConfigDict(
        env_prefix="KAFKA_", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    bootstrap: str = Field(examples=["the address of the server, e.g. localhost:9092"])
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    ca_file: Path | None = None
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    group: str | None = Field(default=None, pattern=r"^[A-Za-z0-9._-]{1,100}$")
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

    def connection(self, *, client_id: str) -> KafkaSettings:
        """Return the runtime's settings, under the program's name.

        Raises:
            StartRefused: a value cannot work; names the variable.
        """
        password = self.sasl_password
        try:
            return KafkaSettings(
                bootstrap_servers=self.bootstrap,
                client_id=client_id,
                session_timeout=timedelta(seconds=self.session_timeout_seconds),
                heartbeat_interval=timedelta(seconds=self.heartbeat_interval_seconds),
                group_instance_id=self.group_instance_id,
                security_protocol=self.security_protocol,
                ssl_context=self._ssl_context(),
                sasl_mechanism=self.sasl_mechanism,
                sasl_username=self.sasl_username,
                sasl_password=None if password is None else password.get_secret_value(),
            )
        except ConfigurationError as exc:
            raise StartRefused(str(exc).replace(*_BOOTSTRAP)) from None

    def _ssl_context(self) -> ssl.SSLContext | None:
        if not self.security_protocol.endswith("SSL"):
            return None
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except OSError as exc:
            reason = f"KAFKA_CA_FILE {self.ca_file}: {exc.strerror or exc}: give a file of certificates in PEM form"
            raise StartRefused(reason) from exc
