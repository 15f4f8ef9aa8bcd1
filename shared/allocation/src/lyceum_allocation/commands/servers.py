"""The servers of a command: named by the environment, asked once, given up after ten seconds."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from keylane import ConfigurationError, KafkaSettings
from lyceum_database import MongoSettings, close, connect, ping

GIVE_UP_AFTER = timedelta(seconds=10)
_GIVE_UP_MS = GIVE_UP_AFTER // timedelta(milliseconds=1)


@contextmanager
def database() -> Iterator[None]:
    """Connect to the database that `MONGODB_URI` names, and make sure that it answers.

    Raises:
        SettingsError: the address is missing or cannot work.
        Unavailable: no answer.
    """
    settings = MongoSettings(
        server_selection_timeout_ms=_GIVE_UP_MS, connect_timeout_ms=_GIVE_UP_MS, socket_timeout_ms=_GIVE_UP_MS
    )
    connect(settings)
    try:
        ping()
        yield
    finally:
        close()


def kafka(bootstrap: str) -> KafkaSettings:
    """Give the settings that reach Kafka at this address.

    Raises:
        ConfigurationError: the address cannot work.
    """
    try:
        return KafkaSettings(bootstrap_servers=bootstrap, client_id="lyceum", request_timeout=GIVE_UP_AFTER)
    except ConfigurationError as exc:
        raise ConfigurationError(str(exc).replace("KafkaSettings.bootstrap_servers", "KAFKA_BOOTSTRAP")) from exc
