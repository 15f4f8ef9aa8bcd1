"""Records at a fixed rate, each with the moment at which it was published."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from confluent_kafka import Producer

from .load import FLUSH_S, event

if TYPE_CHECKING:
    from collections.abc import Iterator

SETTINGS = {"enable.idempotence": True, "linger.ms": 0, "log_level": 0}


@dataclass
class Feed:
    """A producer in a thread of its own; partitions take turns, each partition is one key.

    Attributes:
        published: Records of each partition so far.
    """

    bootstrap: str
    topic: str
    partitions: int
    rate: float
    published: list[int] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Publish until stopped; a late record does not move the ones after it."""
        producer = Producer({"bootstrap.servers": self.bootstrap, **SETTINGS})
        self.published[:] = [0] * self.partitions
        began, count = time.monotonic(), 0
        while not self._stop.wait(max(0.0, began + count / self.rate - time.monotonic())):
            partition = count % self.partitions
            value, headers = event(partition, self.published[partition], at=time.monotonic_ns())
            producer.produce(self.topic, value, b"key-%d" % partition, partition=partition, headers=headers)
            producer.poll(0)
            self.published[partition] += 1
            count += 1
        producer.flush(FLUSH_S)

    def stop(self) -> None:
        self._stop.set()


@contextmanager
def fed(bootstrap: str, topic: str, *, partitions: int, rate: float) -> Iterator[Feed]:
    """Feed a topic during the block; when it ends every record is acknowledged."""
    feed = Feed(bootstrap, topic, partitions, rate)
    thread = threading.Thread(target=feed.run, name="feed")
    thread.start()
    try:
        yield feed
    finally:
        feed.stop()
        thread.join()
