"""For tests of what runs on keylane: brokers without a server, faults on demand, waiting without sleeping."""

from keylane.testing.assignor import mock_broker
from keylane.testing.failpoints import Failpoint, FailpointInbox, failpoint_broker, failpoint_handlers
from keylane.testing.faults import FaultyInbox, times
from keylane.testing.memory_broker import InMemoryBroker
from keylane.testing.memory_log import MemoryRecord
from keylane.testing.mock_cluster import (
    API_FETCH,
    API_HEARTBEAT,
    API_JOIN_GROUP,
    API_OFFSET_COMMIT,
    API_PRODUCE,
    MockCluster,
    MockClusterError,
)
from keylane.testing.rig import NO_WAIT, Rig
from keylane.testing.waiting import until

__all__ = [
    "API_FETCH",
    "API_HEARTBEAT",
    "API_JOIN_GROUP",
    "API_OFFSET_COMMIT",
    "API_PRODUCE",
    "NO_WAIT",
    "Failpoint",
    "FailpointInbox",
    "FaultyInbox",
    "InMemoryBroker",
    "MemoryRecord",
    "MockCluster",
    "MockClusterError",
    "Rig",
    "failpoint_broker",
    "failpoint_handlers",
    "mock_broker",
    "times",
    "until",
]
