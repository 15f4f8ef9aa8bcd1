"""The process that holds the mock cluster: ctypes on the librdkafka of the confluent-kafka wheel, commands on stdin.

Its own process, because a defect in native code must not take a test run with it, and because its log must survive
the worker processes that connect to it. It ends when its stdin closes.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import signal
import sys
from pathlib import Path
from typing import Any, Final

POINTER, INT, TEXT = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
PRODUCER: Final = 0
ERRORS_ONLY: Final = b"3"
SIGNATURES: Final[dict[str, tuple[Any, list[Any]]]] = {
    "rd_kafka_conf_new": (POINTER, []),
    "rd_kafka_conf_set": (INT, [POINTER, TEXT, TEXT, TEXT, ctypes.c_size_t]),
    "rd_kafka_new": (POINTER, [INT, POINTER, TEXT, ctypes.c_size_t]),
    "rd_kafka_mock_cluster_new": (POINTER, [POINTER, INT]),
    "rd_kafka_mock_cluster_bootstraps": (TEXT, [POINTER]),
    "rd_kafka_mock_topic_create": (INT, [POINTER, TEXT, INT, INT]),
    "rd_kafka_mock_broker_set_down": (INT, [POINTER, INT]),
    "rd_kafka_mock_broker_set_up": (INT, [POINTER, INT]),
    "rd_kafka_mock_broker_set_rtt": (INT, [POINTER, INT, INT]),
    "rd_kafka_mock_partition_set_leader": (INT, [POINTER, TEXT, INT, INT]),
    "rd_kafka_mock_coordinator_set": (INT, [POINTER, TEXT, TEXT, INT]),
    "rd_kafka_mock_group_initial_rebalance_delay_ms": (None, [POINTER, INT]),
    "rd_kafka_mock_push_request_errors_array": (
        None,
        [POINTER, ctypes.c_int16, ctypes.c_size_t, ctypes.POINTER(INT)],
    ),
    "rd_kafka_mock_clear_request_errors": (None, [POINTER, ctypes.c_int16]),
}


def find_library() -> Path:
    """The librdkafka bundled in the confluent-kafka wheel.

    Linux and Windows wheels keep it in `confluent_kafka.libs` beside the package, macOS wheels in `.dylibs` within it.

    Raises:
        FileNotFoundError: It is not where wheels put it.
    """
    spec = importlib.util.find_spec("confluent_kafka")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("confluent-kafka is not installed: install keylane[testing]")
    package = Path(spec.origin).parent
    folders = (package.parent / "confluent_kafka.libs", package / ".dylibs", package)
    patterns = ("librdkafka*.so*", "librdkafka*.dylib", "librdkafka*.dll", "rdkafka*.dll")
    for folder in folders:
        for pattern in patterns:
            for found in sorted(folder.glob(pattern)):
                if "++" not in found.name:
                    return found
    looked = ", ".join(str(folder) for folder in folders)
    raise FileNotFoundError(f"no librdkafka in {looked}: install confluent-kafka from a wheel, not from source")


def load() -> Any:
    """The library with the signatures of the mock calls.

    Raises:
        FileNotFoundError: It is not installed.
        AttributeError: It was built without the mock cluster.
    """
    library = ctypes.CDLL(str(find_library()))
    for name, (result, arguments) in SIGNATURES.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


class Cluster:
    """The cluster and the commands that may be given to it; each returns librdkafka's error code, 0 for success."""

    def __init__(self, library: Any, brokers: int) -> None:
        self._lib = library
        message = ctypes.create_string_buffer(512)
        conf = library.rd_kafka_conf_new()
        library.rd_kafka_conf_set(conf, b"log_level", ERRORS_ONLY, message, len(message))
        handle = library.rd_kafka_new(PRODUCER, conf, message, len(message))
        if not handle:
            raise OSError(message.value.decode())
        self._cluster = library.rd_kafka_mock_cluster_new(handle, brokers)
        self.bootstrap = library.rd_kafka_mock_cluster_bootstraps(self._cluster).decode()

    def topic(self, name: str, partitions: int) -> Any:
        """Create a topic."""
        return self._lib.rd_kafka_mock_topic_create(self._cluster, name.encode(), partitions, 1)

    def down(self, broker: int) -> Any:
        """Cut a broker off."""
        return self._lib.rd_kafka_mock_broker_set_down(self._cluster, broker)

    def up(self, broker: int) -> Any:
        """Bring a broker back."""
        return self._lib.rd_kafka_mock_broker_set_up(self._cluster, broker)

    def rtt(self, broker: int, milliseconds: int) -> Any:
        """Delay a broker's answers."""
        return self._lib.rd_kafka_mock_broker_set_rtt(self._cluster, broker, milliseconds)

    def leader(self, topic: str, partition: int, broker: int) -> Any:
        """Move a partition's leader."""
        return self._lib.rd_kafka_mock_partition_set_leader(self._cluster, topic.encode(), partition, broker)

    def coordinator(self, kind: str, key: str, broker: int) -> Any:
        """Move a coordinator."""
        return self._lib.rd_kafka_mock_coordinator_set(self._cluster, kind.encode(), key.encode(), broker)

    def rebalance_delay(self, milliseconds: int) -> int:
        """How long a group's first join waits."""
        self._lib.rd_kafka_mock_group_initial_rebalance_delay_ms(self._cluster, milliseconds)
        return 0

    def errors(self, api: int, codes: list[int]) -> int:
        """Answer the next requests with these codes."""
        array = (INT * len(codes))(*codes)
        self._lib.rd_kafka_mock_push_request_errors_array(self._cluster, api, len(codes), array)
        return 0

    def clear(self, api: int) -> int:
        """Forget codes not used."""
        self._lib.rd_kafka_mock_clear_request_errors(self._cluster, api)
        return 0


def say(**answer: Any) -> None:
    """One line to the parent."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Serve commands until stdin closes; a Ctrl-C is for the parent, whose workers still need the cluster."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        cluster = Cluster(load(), int(sys.argv[1]))
    except (OSError, AttributeError) as exc:
        say(error=str(exc))
        return
    say(bootstrap=cluster.bootstrap)
    for line in sys.stdin:
        command, *arguments = json.loads(line)
        say(code=getattr(cluster, command)(*arguments))


if __name__ == "__main__":
    main()
