"""Kafka, as a command reaches it."""

from keylane import ConfigurationError, KafkaSettings
from lyceum_program.commands.servers import GIVE_UP_AFTER


def kafka(bootstrap: str) -> KafkaSettings:
    """Give the settings that reach Kafka at this address.

    Raises:
        ConfigurationError: the address cannot work.
    """
    try:
        return KafkaSettings(bootstrap_servers=bootstrap, client_id="lyceum", request_timeout=GIVE_UP_AFTER)
    except ConfigurationError as exc:
        raise ConfigurationError(str(exc).replace("KafkaSettings.bootstrap_servers", "KAFKA_BOOTSTRAP")) from exc
