"""What every service is told by its environment."""

import ipaddress
from typing import Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class WebSettings(BaseSettings):
    """What every HTTP service has; a service with more of its own reads a second class beside this one.

    Attributes:
        environment: `development` allows what nobody should do in production, such as keys made at start.
        host: where requests are answered.
        port: its port; 0 for any free one.
        threads: requests that run at one time, each in a thread of its own.
        body_bytes: of one request body, at most.
        body_values: of all kinds together in a JSON body, at most.
        body_depth: of nested arrays and objects in a JSON body, at most.
        request_seconds: from the first byte of a request until its answer begins, at most.
        head_seconds: from the opening of a connection until the head of a request has arrived, at most.
        keep_alive_seconds: for the next request on a connection; longer than a proxy in front keeps its own.
        requests: that are answered at one time, at most; more are refused at once.
        trusted_proxies: whose word on the caller's address is taken, addresses or networks with commas between.
        database_check_seconds: between two looks at whether MongoDB answers.
        database_patience_seconds: for its answer, before the service counts as unready.
        shutdown_seconds: for requests that run when a stop is asked for, at most.
        documentation: whether the API's document and its interactive page are served.
        metrics_port: of the figures for Prometheus; None for `/metrics` beside the requests, for a proxy to hide.
        rate_limit_storage: where requests are counted: `memory://` for each process alone, or `redis://...`.
        cursor_key: signs the cursors of lists; the same in all replicas. Needed outside development.
        log_level: of the program's log.
    """

    model_config = SettingsConfigDict(
        env_prefix="", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    environment: Literal["development", "production"] = "production"
    host: str = "0.0.0.0"  # noqa: S104 - inside a container requests come from outside the loopback
    port: int = Field(default=8000, ge=0, le=65535)
    threads: int = Field(default=64, ge=1, le=1000)
    body_bytes: int = Field(default=1024 * 1024, ge=1024, le=1024**3)
    body_values: int = Field(default=10_000, ge=100, le=10_000_000)
    body_depth: int = Field(default=32, ge=1, le=500)
    request_seconds: float = Field(default=30, ge=0.1, le=3600)
    head_seconds: float = Field(default=10, ge=0.1, le=3600)
    keep_alive_seconds: int = Field(default=75, ge=1, le=3600)
    requests: int = Field(default=1000, ge=1, le=1_000_000)
    trusted_proxies: str = "127.0.0.1"
    database_check_seconds: float = Field(default=1, ge=0.01, le=60)
    database_patience_seconds: float = Field(default=5, ge=0.01, le=60)
    shutdown_seconds: float = Field(default=25, ge=0, le=3600)
    documentation: bool = True
    metrics_port: int | None = Field(default=None, ge=0, le=65535)
    rate_limit_storage: str = Field(default="memory://", repr=False)  # its address may hold a password
    cursor_key: SecretStr | None = Field(default=None, min_length=32)
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @field_validator("trusted_proxies")
    @classmethod
    def _name_proxies(cls, value: str) -> str:
        for part in value.split(","):
            _check_proxy(part.strip())
        return value

    @property
    def development(self) -> bool:
        """Whether this is a developer's machine."""
        return self.environment == "development"


def _check_proxy(written: str) -> None:
    """Refuse what uvicorn takes without a word: for a slip it trusts nobody, for `*` whatever a caller wrote."""
    try:
        network = ipaddress.ip_network(written)
    except ValueError:
        raise ValueError(f"{written!r} is no address and no network: give e.g. 10.0.0.5 or 10.1.0.0/16") from None
    if not network.prefixlen:
        raise ValueError(f"{written} is everybody, who could then name any address as their own: give the proxies' own")
