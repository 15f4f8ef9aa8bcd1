"""The servers that the stack runs on: embedded ones, or those that it was pointed at."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from keylane import KafkaSettings, dead_letter_topic, replay_topic
from keylane.testing import MockCluster
from lyceum_contracts import TOPICS
from lyceum_database import MongoSettings
from lyceum_database.embedded import EmbeddedMongoClient, embedded_settings
from lyceum_devstack.demo.kafka import refuse_shapeless, refuse_unreachable
from lyceum_devstack.demo.stage import answering


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where the programs of the stack find what they need.

    Attributes:
        mongo: how to reach the database.
        client_class: with which client.
        bootstrap: how to reach Kafka.
        embedded_kafka: whether that ends with this process.
        folder: for files; gone afterwards.
    """

    mongo: MongoSettings
    client_class: type[Any]
    bootstrap: str
    embedded_kafka: bool
    folder: Path

    @property
    def embedded_mongo(self) -> bool:
        """Whether the database ends with this process."""
        return self.client_class is not MongoClient

    @property
    def kafka(self) -> KafkaSettings:
        """How the programs reach Kafka."""
        return KafkaSettings(bootstrap_servers=self.bootstrap)

    def lines(self) -> Iterator[str]:
        """Say what runs where."""
        place = "embedded" if self.embedded_mongo else f"at {self.mongo.address}, database {self.mongo.database}"
        yield f"MongoDB: {place}"
        yield f"Kafka:   {'embedded, ' if self.embedded_kafka else ''}at {self.bootstrap}"
        if self.embedded_mongo or self.embedded_kafka:
            yield "What is embedded runs in this process; nothing of it is kept after exit."


@contextmanager
def open_surroundings(mongodb_uri: str | None, database: str, bootstrap: str | None) -> Iterator[Surroundings]:
    """Start what is not given, check that what is given answers, and end what was started.

    Raises:
        ServerError: The Kafka that is given has no usable address, or does not answer.
        Unavailable: The MongoDB that is given does not answer.
        SettingsError: Its address cannot be used.
        MockClusterError: The embedded Kafka cannot be started.
    """
    if bootstrap is not None:
        refuse_shapeless(bootstrap)
    mongo = embedded_settings() if mongodb_uri is None else answering(mongodb_uri, database)
    with ExitStack() as started:
        folder = Path(started.enter_context(tempfile.TemporaryDirectory(prefix="lyceum-up-")))
        if bootstrap is not None:
            refuse_unreachable(bootstrap)
        yield Surroundings(
            mongo=mongo,
            client_class=EmbeddedMongoClient if mongodb_uri is None else MongoClient,
            bootstrap=bootstrap or started.enter_context(_cluster()).bootstrap,
            embedded_kafka=bootstrap is None,
            folder=folder,
        )


def _cluster() -> MockCluster:
    cluster = MockCluster()
    for topic in TOPICS:
        own = [dead_letter_topic(topic.name, group) for group in topic.consumers]
        own += [replay_topic(topic.name, group) for group in topic.consumers]
        for name in (topic.name, *own):
            cluster.create_topic(name, topic.partitions)
    return cluster
