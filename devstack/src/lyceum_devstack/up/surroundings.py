"""The servers that the stack runs on: embedded ones, or those that it was pointed at."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pymongo import MongoClient

from auth_service.passwords.hashing import Argon2Cost
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
        topic_prefix: stands before the name of every topic and consumer group.
        payment_secret: signs what the payment provider tells that moves no money.
        hash_cost: of one password.
    """

    mongo: MongoSettings
    client_class: type[Any]
    bootstrap: str
    embedded_kafka: bool
    folder: Path
    topic_prefix: str = ""
    hash_cost: Argon2Cost = field(default_factory=Argon2Cost)
    payment_secret: SecretStr = field(default_factory=lambda: SecretStr(secrets.token_urlsafe(24)))

    @property
    def embedded_mongo(self) -> bool:
        """Whether the database ends with this process."""
        return self.client_class is not MongoClient

    @property
    def kafka(self) -> KafkaSettings:
        """How the programs reach Kafka."""
        return KafkaSettings(bootstrap_servers=self.bootstrap)

    def group(self, name: str) -> str:
        """Return the consumer group of a program as it is called here."""
        return self.topic_prefix + name

    def lines(self) -> Iterator[str]:
        """Say what runs where."""
        place = "embedded" if self.embedded_mongo else f"at {self.mongo.address}, database {self.mongo.database}"
        yield f"MongoDB: {place}"
        yield f"Kafka:   {'embedded, ' if self.embedded_kafka else ''}at {self.bootstrap}"
        if self.embedded_mongo or self.embedded_kafka:
            yield "What is embedded runs in this process; nothing of it is kept after exit."


@contextmanager
def open_surroundings(
    mongodb_uri: str | None,
    database: str,
    bootstrap: str | None,
    *,
    topic_prefix: str = "",
    hash_cost: Argon2Cost | None = None,
) -> Iterator[Surroundings]:
    """Start what is not given, check that what is given answers, and end what was started.

    Args:
        mongodb_uri: of a real MongoDB.
        database: in it.
        bootstrap: of a real Kafka.
        topic_prefix: stands before every name on it; the embedded Kafka needs none.
        hash_cost: of one password; as in production by default.

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
            topic_prefix="" if bootstrap is None else topic_prefix,
            hash_cost=hash_cost or Argon2Cost(),
        )


def _cluster() -> MockCluster:
    cluster = MockCluster()
    for topic in TOPICS:
        own = [dead_letter_topic(topic.name, group) for group in topic.consumers]
        own += [replay_topic(topic.name, group) for group in topic.consumers]
        for name in (topic.name, *own):
            cluster.create_topic(name, topic.partitions)
    return cluster
