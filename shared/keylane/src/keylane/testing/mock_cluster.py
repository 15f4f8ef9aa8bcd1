"""librdkafka's mock cluster as a Kafka for tests and demonstrations: real protocol, no server, nothing kept."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final, Self

from keylane.errors import KeylaneError

if TYPE_CHECKING:
    from types import TracebackType

ALL_BROKERS: Final = -1
API_PRODUCE: Final = 0
API_FETCH: Final = 1
API_OFFSET_COMMIT: Final = 8
API_JOIN_GROUP: Final = 11
API_HEARTBEAT: Final = 12


class MockClusterError(KeylaneError):
    """The mock cluster could not be started or refused a command."""


class MockCluster:
    """A cluster in a child process, from construction to `close()`; any number of processes may connect.

    It differs from Kafka: no sequence check of idempotent producers, no transactions, no static membership, commits
    refused while a group is joining, at most 5 MB kept per partition. Topics that are not created are auto-created
    with 4 partitions on first use by a client that asks for it.

    Args:
        brokers: How many.
        rebalance_delay_ms: How long the first join of a group waits for others.

    Raises:
        MockClusterError: The library is not there; the message says where it was looked for.
    """

    def __init__(self, *, brokers: int = 1, rebalance_delay_ms: int = 1) -> None:
        self._process = subprocess.Popen(  # noqa: S603  this interpreter and this package's own module
            [sys.executable, "-m", "keylane.testing.mock_child", str(brokers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._brokers = brokers
        self.bootstrap: str = self._answer("bootstrap")
        self._command("rebalance_delay", rebalance_delay_ms)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def create_topic(self, name: str, partitions: int) -> None:
        """Create a topic.

        Raises:
            MockClusterError: It exists already.
        """
        self._command("topic", name, partitions)

    def set_down(self, broker: int = ALL_BROKERS) -> None:
        """Cut all connections and refuse new ones."""
        for one in self._each(broker):
            self._command("down", one)

    def set_up(self, broker: int = ALL_BROKERS) -> None:
        """Accept connections again."""
        for one in self._each(broker):
            self._command("up", one)

    def set_round_trip(self, milliseconds: int, broker: int = ALL_BROKERS) -> None:
        """Delay every answer."""
        for one in self._each(broker):
            self._command("rtt", one, milliseconds)

    def set_leader(self, topic: str, partition: int, broker: int) -> None:
        """Move a partition's leader."""
        self._command("leader", topic, partition, broker)

    def set_coordinator(self, group: str, broker: int) -> None:
        """Move a group's coordinator."""
        self._command("coordinator", "group", group, broker)

    def fail_next(self, api: int, codes: list[int]) -> None:
        """Answer the next requests of this API key with these error codes, one each; -195 cuts the connection."""
        self._command("errors", api, codes)

    def clear_failures(self, api: int) -> None:
        """Forget the error codes that were not used."""
        self._command("clear", api)

    def close(self) -> None:
        """End the process; what it held is gone."""
        if self._process.poll() is None and self._process.stdin is not None:
            self._process.stdin.close()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(5)
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _each(self, broker: int) -> range:
        return range(1, self._brokers + 1) if broker == ALL_BROKERS else range(broker, broker + 1)

    def _command(self, *command: Any) -> None:
        if self._process.stdin is None or self._process.poll() is not None:
            raise MockClusterError("the mock cluster has ended")
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        if code := self._answer("code"):
            raise MockClusterError(f"the mock cluster refuses {command[0]} {command[1:]}: librdkafka error {code}")

    def _answer(self, name: str) -> Any:
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        answer: dict[str, Any] = json.loads(line) if line else {"error": "its process ended without an answer"}
        if "error" in answer:
            self.close()
            raise MockClusterError(f"no mock cluster: {answer['error']}")
        return answer[name]
