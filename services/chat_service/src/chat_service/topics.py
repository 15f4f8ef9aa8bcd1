"""Which topics this program uses, by the names they have in this installation."""

from datetime import timedelta

from keylane import TopicSpec
from lyceum_contracts import ALLOCATIONS, CHAT, Topic


def read_topic(prefix: str) -> str:
    """The topic that is read."""
    return prefix + ALLOCATIONS.name


def specs(prefix: str, group: str) -> list[TopicSpec]:
    """Every topic that has to exist before the program works; until then events wait in their documents."""
    allocations, chat = (_spec(topic, prefix) for topic in (ALLOCATIONS, CHAT))
    return [allocations, chat, allocations.dead_letters(group), allocations.replays(group)]


def _spec(topic: Topic, prefix: str) -> TopicSpec:
    return TopicSpec(
        prefix + topic.name,
        topic.partitions,
        config={"retention.ms": str(topic.retention // timedelta(milliseconds=1))},
    )
