"""For tests of what runs on keylane: a Kafka cluster without a server, and waiting without sleeping."""

from keylane.testing.mock_cluster import MockCluster, MockClusterError
from keylane.testing.waiting import until

__all__ = ["MockCluster", "MockClusterError", "until"]
