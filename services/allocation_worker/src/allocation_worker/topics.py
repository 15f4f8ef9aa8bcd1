"""Which topics this program uses, by the names they have in this installation."""

from datetime import timedelta

from allocation_worker.settings import WorkerSettings
from keylane import TopicSpec
from lyceum_contracts import ALLOCATIONS, PURCHASES, Topic


def read_topic(settings: WorkerSettings) -> str:
    """The topic that is read."""
    return settings.topic_prefix + PURCHASES.name


def written_topic(settings: WorkerSettings) -> str:
    """The topic that is written."""
    return settings.topic_prefix + ALLOCATIONS.name


def specs(settings: WorkerSettings) -> list[TopicSpec]:
    """Every topic that has to exist before the program starts."""
    purchases, allocations = (_spec(topic, settings) for topic in (PURCHASES, ALLOCATIONS))
    return [purchases, allocations, purchases.dead_letters(settings.group), purchases.replays(settings.group)]


def _spec(topic: Topic, settings: WorkerSettings) -> TopicSpec:
    return TopicSpec(
        settings.topic_prefix + topic.name,
        topic.partitions,
        config={"retention.ms": str(topic.retention // timedelta(milliseconds=1))},
    )
