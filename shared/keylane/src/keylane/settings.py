"""How to reach Kafka."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from keylane.arguments import check_duration, check_text
from keylane.errors import ConfigurationError

if TYPE_CHECKING:
    import ssl

MAX_PORT: Final = 65_535
PROTOCOLS: Final = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISMS: Final = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")

DURATIONS: Final = (
    "session_timeout",
    "heartbeat_interval",
    "drain_timeout",
    "stop_timeout",
    "request_timeout",
    "commit_interval",
    "metadata_max_age",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class KafkaSettings:
    """Connection and group settings; the defaults suit a worker in production.

    Attributes:
        bootstrap_servers: `host:port`, comma separated.
        client_id: Shown in the broker's logs and quotas.
        session_timeout: Without a heartbeat for this long a member is dead and its partitions move. 30 s, as a
            restart of a broker takes about 10 s; aiokafka's own 10 s evicts members over a pause.
        heartbeat_interval: At most a third of the session; a graceful hand-over costs up to one of them.
        drain_timeout: How long a revoke or a stop waits for handlers that are running.
        stop_timeout: `stop()` returns within this, whatever the broker does.
        request_timeout: Bound of one request, commit or send.
        commit_interval: How often finished offsets are committed.
        metadata_max_age: New partitions are noticed within this (Kafka's own default is 5 min).
        group_instance_id: Static membership: a restart within the session keeps its partitions. Unique per process.
        security_protocol: PLAINTEXT, SSL, SASL_PLAINTEXT or SASL_SSL.
        ssl_context: For the two SSL protocols.
        sasl_mechanism: For the two SASL protocols.
        sasl_username: For the two SASL protocols.
        sasl_password: Never shown.
    """

    bootstrap_servers: str = "localhost:9092"
    client_id: str = "keylane"
    session_timeout: timedelta = timedelta(seconds=30)
    heartbeat_interval: timedelta = timedelta(seconds=3)
    drain_timeout: timedelta = timedelta(seconds=10)
    stop_timeout: timedelta = timedelta(seconds=25)
    request_timeout: timedelta = timedelta(seconds=10)
    commit_interval: timedelta = timedelta(milliseconds=300)
    metadata_max_age: timedelta = timedelta(seconds=30)
    group_instance_id: str | None = None
    security_protocol: str = "PLAINTEXT"
    ssl_context: ssl.SSLContext | None = None
    sasl_mechanism: str = "PLAIN"
    sasl_username: str | None = None
    sasl_password: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Refuse settings that can never work.

        Raises:
            ConfigurationError: No server, a wrong type, a duration that is not positive, or a heartbeat too slow for
                the session.
        """
        for name in ("bootstrap_servers", "client_id", "security_protocol", "sasl_mechanism"):
            check_text(f"KafkaSettings.{name}", getattr(self, name))
        if not self.bootstrap_servers.strip():
            raise ConfigurationError("KafkaSettings.bootstrap_servers is empty: give host:port")
        for server in self.bootstrap_servers.split(","):
            host, _, port = server.strip().rpartition(":")
            if not host or not _is_port(port):
                raise ConfigurationError(f"KafkaSettings.bootstrap_servers holds {server.strip()!r}: give host:port")
        self._check_security()
        for name in DURATIONS:
            check_duration(f"KafkaSettings.{name}", getattr(self, name))
        if self.heartbeat_interval * 2 > self.session_timeout:
            raise ConfigurationError("KafkaSettings.heartbeat_interval must be at most half of session_timeout")

    def _check_security(self) -> None:
        if self.security_protocol not in PROTOCOLS:
            raise ConfigurationError(
                f"KafkaSettings.security_protocol is {self.security_protocol!r}, expected one of {', '.join(PROTOCOLS)}"
            )
        if self.security_protocol.endswith("SSL") and self.ssl_context is None:
            raise ConfigurationError(f"KafkaSettings.ssl_context is needed for {self.security_protocol}")
        if not self.security_protocol.startswith("SASL"):
            return
        if self.sasl_mechanism not in MECHANISMS:
            raise ConfigurationError(
                f"KafkaSettings.sasl_mechanism is {self.sasl_mechanism!r}, expected one of {', '.join(MECHANISMS)}"
            )
        if not self.sasl_username or not self.sasl_password:
            raise ConfigurationError("KafkaSettings.sasl_username and sasl_password are needed for SASL")


def _is_port(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= len("65535") and 0 < int(text) <= MAX_PORT


def milliseconds(duration: timedelta) -> int:
    """Whole milliseconds of a duration, as Kafka clients take them."""
    return int(duration / timedelta(milliseconds=1))
