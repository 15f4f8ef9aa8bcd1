"""Where the demo plays: embedded servers, or the ones that it was pointed at, in names of its own."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from keylane import dead_letter_topic, replay_topic
from keylane.testing import MockCluster
from lyceum_contracts import ALLOCATION_WORKER, ALLOCATIONS, PURCHASES
from lyceum_database import MongoSettings, close, connect, ping
from lyceum_database.embedded import embedded_settings
from lyceum_devstack.demo.kafka import refuse_shapeless, refuse_unreachable

PARTITIONS = PURCHASES.partitions
EMBEDDED_TOPICS = (
    PURCHASES.name,
    ALLOCATIONS.name,
    dead_letter_topic(PURCHASES.name, ALLOCATION_WORKER),
    replay_topic(PURCHASES.name, ALLOCATION_WORKER),
)


@dataclass(frozen=True, slots=True)
class Stage:
    """Addresses and names. On real servers everything carries `run`, so that nothing else is touched.

    Attributes:
        other_topics: besides those of the allocation worker.
        other_groups: of other programs that run there.
    """

    run: str
    mongo: MongoSettings
    bootstrap: str
    topic_prefix: str
    embedded_mongo: bool
    embedded_kafka: bool
    other_topics: tuple[str, ...] = ()
    other_groups: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        """The consumer group of the worker."""
        return f"{self.topic_prefix}{ALLOCATION_WORKER}"

    @property
    def purchases(self) -> str:
        """The topic that the worker reads."""
        return f"{self.topic_prefix}{PURCHASES.name}"

    @property
    def allocations(self) -> str:
        """The topic that the worker writes."""
        return f"{self.topic_prefix}{ALLOCATIONS.name}"

    @property
    def dead_letters(self) -> str:
        """The topic where the worker lays down what it gives up."""
        return dead_letter_topic(self.purchases, self.group)

    @property
    def replays(self) -> str:
        """The topic on which the worker reads again what it gave up."""
        return replay_topic(self.purchases, self.group)

    @property
    def topics(self) -> tuple[str, ...]:
        """Every topic that the demo needs."""
        own = (self.purchases, self.dead_letters, self.replays, self.allocations)
        return tuple(dict.fromkeys((*own, *self.other_topics)))

    @property
    def groups(self) -> tuple[str, ...]:
        """Every consumer group that the demo has."""
        return tuple(dict.fromkeys((self.group, *self.other_groups)))


@contextmanager
def open_stage(mongodb_uri: str | None, kafka_bootstrap: str | None) -> Iterator[Stage]:
    """Start what is not given, check that what is given answers, and end what was started.

    Raises:
        ServerError: The Kafka that is given has no usable address, or does not answer.
        Unavailable: The MongoDB that is given does not answer.
        SettingsError: Its address cannot be used.
        MockClusterError: The embedded Kafka cannot be started.
    """
    if kafka_bootstrap is not None:
        refuse_shapeless(kafka_bootstrap)
    run = secrets.token_hex(4)
    mongo = embedded_settings() if mongodb_uri is None else answering(mongodb_uri, f"lyceum_demo_{run}")
    with ExitStack() as started:
        if kafka_bootstrap is None:
            bootstrap = started.enter_context(_cluster()).bootstrap
        else:
            refuse_unreachable(kafka_bootstrap)
            bootstrap = kafka_bootstrap
        yield Stage(
            run=run,
            mongo=mongo,
            bootstrap=bootstrap,
            topic_prefix="" if kafka_bootstrap is None else f"lyceum-demo-{run}.",
            embedded_mongo=mongodb_uri is None,
            embedded_kafka=kafka_bootstrap is None,
        )


def _cluster() -> MockCluster:
    cluster = MockCluster()
    for name in EMBEDDED_TOPICS:
        cluster.create_topic(name, PARTITIONS)
    return cluster


def answering(uri: str, database: str) -> MongoSettings:
    """Return the settings of a MongoDB that was found to answer.

    Raises:
        Unavailable: It does not.
        SettingsError: Its address cannot be used.
    """
    settings = MongoSettings(uri=uri, database=database)
    connect(settings)
    try:
        ping()
    finally:
        close()
    return settings
