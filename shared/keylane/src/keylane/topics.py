"""Topics: a deploy step creates them, a start-up only checks."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code

from keylane.connection import bounded, connection
from keylane.dismantle import dismantle, started
from keylane.errors import BrokerUnavailableError, ConfigurationError
from keylane.kafka import KafkaBroker
from keylane.places import dead_letter_topic, replay_topic

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from keylane.settings import KafkaSettings

BROKER_DEFAULT: Final = -1
"""Replication that the broker chooses."""
LETTER_BYTES: Final = 2 * 1024 * 1024
"""Record limit of a dead-letter topic, twice Kafka's default: a letter is its original and some more headers."""

REPLAY_BYTES: Final = LETTER_BYTES + 64 * 1024
"""Record limit of a replay topic: a replay is its letter and some more headers, so every letter can be replayed."""

TOLD_EVERY_S: Final = 0.1
"""Between two questions whether brokers tell of a new topic, in seconds; they do so after some milliseconds."""


@dataclass(frozen=True, slots=True)
class TopicSpec:
    """A topic to be.

    Attributes:
        name: Its name.
        partitions: Fixed for good: adding some moves keys to other partitions.
        replication: Copies; -1 for the broker's default.
        config: Topic settings such as `retention.ms`.
    """

    name: str
    partitions: int
    replication: int = BROKER_DEFAULT
    config: Mapping[str, str] = field(default_factory=dict)

    def dead_letters(self, group: str) -> TopicSpec:
        """The dead-letter topic of this topic and a group: kept for ever, with room for the letter's own headers."""
        roomier = {**self.config, "retention.ms": "-1", "max.message.bytes": str(LETTER_BYTES)}
        return replace(self, name=dead_letter_topic(self.name, group), config=roomier)

    def replays(self, group: str) -> TopicSpec:
        """The topic on which the group's dead letters of this topic come again, with room for each of them.

        Its records are kept as long as the source's: not longer than the idempotency store remembers.
        """
        roomier = {**self.config, "max.message.bytes": str(REPLAY_BYTES)}
        return replace(self, name=replay_topic(self.name, group), config=roomier)


async def missing_topics(settings: KafkaSettings, names: Iterable[str]) -> list[str]:
    """Those of `names` that do not exist, sorted.

    Raises:
        BrokerUnavailableError: The broker is away.
    """
    wanted = set(names)
    return sorted(wanted - set(await KafkaBroker(settings).partitions(wanted)))


async def ensure_topics(settings: KafkaSettings, specs: Sequence[TopicSpec]) -> list[str]:
    """Create the topics that do not exist; returns their names. Existing topics are left as they are.

    Raises:
        BrokerUnavailableError: The broker is away, or does not tell of what it created.
        ConfigurationError: The broker refuses a topic, or a name was given twice with different partitions.
    """
    wanted = {spec.name: spec for spec in specs}
    for spec in specs:
        if spec.partitions < 1:
            raise ConfigurationError(f"topic {spec.name} is to have {spec.partitions} partitions: at least 1 is needed")
        if wanted[spec.name].partitions != spec.partitions:
            raise ConfigurationError(f"topic {spec.name} is given twice with different partitions")
    missing = await missing_topics(settings, wanted)
    created = await _create(settings, [wanted[name] for name in missing]) if missing else set()
    await _told_of(settings, created)
    return [name for name in missing if name in created]


async def _told_of(settings: KafkaSettings, names: set[str]) -> None:
    """Wait until brokers tell of new topics: whoever looks at once would miss them, and a program refuse to start."""
    try:
        async with asyncio.timeout(settings.request_timeout.total_seconds()):
            while names and await missing_topics(settings, names):  # noqa: ASYNC110 - brokers send no word of it
                await asyncio.sleep(TOLD_EVERY_S)
    except TimeoutError as exc:
        raise BrokerUnavailableError(f"created {', '.join(sorted(names))}, of which no broker tells yet") from exc


async def _create(settings: KafkaSettings, specs: Sequence[TopicSpec]) -> set[str]:
    admin = AIOKafkaAdminClient(**connection(settings))
    try:
        async with asyncio.timeout(settings.request_timeout.total_seconds() * 2):
            await started(admin.start())
            response = await admin.create_topics([_new(spec) for spec in specs])
    except (KafkaError, TimeoutError, OSError) as exc:
        raise BrokerUnavailableError(f"create topics: {exc or type(exc).__name__}") from exc
    finally:
        await bounded(admin.close(), timeout_s=2.0)
        await dismantle(admin)
    return set(_created(response.topic_errors))


def _new(spec: TopicSpec) -> NewTopic:
    return NewTopic(
        name=spec.name,
        num_partitions=spec.partitions,
        replication_factor=spec.replication,
        # an empty dict, as aiokafka takes a count of -1, the broker's default, only beside assignments
        replica_assignments={} if spec.replication == BROKER_DEFAULT else None,
        topic_configs=dict(spec.config),
    )


def _created(outcomes: Iterable[Sequence[object]]) -> Iterator[str]:
    """Aiokafka returns errors of single topics instead of raising them.

    A topic may exist although the broker that was asked had not heard of it yet.
    """
    for name, code, *detail in outcomes:
        error = for_code(code)
        if not code:
            yield str(name)
        elif not issubclass(error, TopicAlreadyExistsError):
            raise ConfigurationError(f"the broker refuses topic {name}: {error.__name__} {detail[0] if detail else ''}")
