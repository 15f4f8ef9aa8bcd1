"""A broker for several members on one mock cluster.

librdkafka's mock answers a follower whose SyncGroup arrives after the leader's with INVALID_REQUEST, and aiokafka then
gives up the membership. Keeping the leader's SyncGroup back for a moment lets the followers' arrive first.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor

from keylane.kafka import KafkaBroker

if TYPE_CHECKING:
    from keylane.settings import KafkaSettings

HOLD_BACK_S = 0.05
"""How long the leader waits, in seconds; it blocks its loop, so members must live in different processes or loops."""


class PatientAssignor(RoundRobinPartitionAssignor):  # type: ignore[misc]  # aiokafka ships no types
    """The round robin assignor, held back when the group has more than one member."""

    @classmethod
    def assign(cls, cluster: Any, members: Any) -> Any:
        """Assign after a moment."""
        if len(members) > 1:
            time.sleep(HOLD_BACK_S)
        return super().assign(cluster, members)


def mock_broker(settings: KafkaSettings) -> KafkaBroker:
    """A broker for `Worker(broker=...)` whose group may have several members on a mock cluster."""
    return KafkaBroker(settings, assignors=(PatientAssignor,))
