"""Which topic this program writes, by the name that it has in this installation."""

from datetime import timedelta

from keylane import TopicSpec
from lyceum_contracts import USERS


def written_topic(prefix: str) -> TopicSpec:
    """Return the topic that has to exist before events can leave; until then they wait in their documents."""
    return TopicSpec(
        prefix + USERS.name,
        USERS.partitions,
        config={"retention.ms": str(USERS.retention // timedelta(milliseconds=1))},
    )
