"""Two workers share four partitions, one is killed: how long until the other goes on with its partitions.

`python -m tests.benchmarks.takeover BOOTSTRAP TOPIC GROUP` is such a worker; it prints a line per finished record.
"""

from __future__ import annotations

import asyncio
import queue
import signal
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from keylane import KafkaSettings, MemoryInbox, Message, TopicSpec, Worker, ensure_topics

from .load import TYPE
from .pacing import fed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SESSION = timedelta(seconds=6)
HEARTBEAT = timedelta(seconds=1)
ALLOWANCE_S = 2.0
PARTITIONS = 4
RATE = 40.0
WAIT_S = 40.0


@dataclass(frozen=True, slots=True)
class Found:
    """How long it took, and what was lost or out of order."""

    seconds: float
    faults: list[str]


@dataclass
class Line:
    """One finished record: by whom, and when by this machine's monotonic clock."""

    worker: int
    partition: int
    offset: int
    at: float


@dataclass
class Watch:
    """What the workers say."""

    lines: list[Line] = field(default_factory=list)
    incoming: queue.SimpleQueue[Line] = field(default_factory=queue.SimpleQueue)

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Read lines until the condition holds.

        Raises:
            TimeoutError: It does not come true.
        """
        deadline = time.monotonic() + WAIT_S
        while not condition():
            try:
                self.lines.append(self.incoming.get(timeout=max(0.01, deadline - time.monotonic())))
            except queue.Empty:
                raise TimeoutError(f"not within {WAIT_S:.0f} s: {what}") from None

    def owners(self) -> dict[int, int]:
        """Who finished the last record of each partition."""
        return {line.partition: line.worker for line in self.lines}

    def faults(self, published: list[int]) -> list[str]:
        """Records that nobody finished, and first completions out of order; each partition is one key."""
        found = []
        for partition, count in enumerate(published):
            firsts = list(dict.fromkeys(line.offset for line in self.lines if line.partition == partition))
            if missing := count - len(firsts):
                found.append(f"{missing} lost in partition {partition}")
            if firsts != sorted(firsts):
                found.append(f"partition {partition} out of order")
        return found


def rehearse(bootstrap: str, topic: str) -> Found:
    """Start two workers, kill one, and wait for the other to finish everything.

    Raises:
        TimeoutError: The workers did not share the work, or nobody took over.
    """
    settings = KafkaSettings(bootstrap_servers=bootstrap)
    asyncio.run(ensure_topics(settings, [TopicSpec(topic, PARTITIONS)]))
    watch = Watch()
    with ExitStack() as running:
        workers = [running.enter_context(_worker(watch, number, bootstrap, topic)) for number in range(2)]
        with fed(bootstrap, topic, partitions=PARTITIONS, rate=RATE) as feed:
            watch.until(lambda: set(watch.owners().values()) == {0, 1}, "both workers to share the partitions")
            orphaned = {partition for partition, owner in watch.owners().items() if owner == 0}
            workers[0].kill()
            killed_at = time.monotonic()
            watch.until(lambda: _taken(watch, orphaned, killed_at) is not None, "the other worker to take over")
        watch.until(lambda: _finished(watch) == feed.published, "every record to be finished")
    taken_at = _taken(watch, orphaned, killed_at) or 0.0
    return Found(taken_at - killed_at, watch.faults(feed.published))


def _taken(watch: Watch, orphaned: set[int], killed_at: float) -> float | None:
    """When the survivor first finished a record of each orphaned partition; None if one still rests."""
    firsts: dict[int, float] = {}
    for line in watch.lines:
        if line.worker == 1 and line.partition in orphaned and line.at > killed_at:
            firsts.setdefault(line.partition, line.at)
    return max(firsts.values()) if firsts.keys() == orphaned else None


def _finished(watch: Watch) -> list[int]:
    """One past the highest record finished, of each partition."""
    highest = [0] * PARTITIONS
    for line in watch.lines:
        highest[line.partition] = max(highest[line.partition], line.offset + 1)
    return highest


@contextmanager
def _worker(watch: Watch, number: int, bootstrap: str, topic: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", __spec__.name, bootstrap, topic, f"{topic}-group"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def listen() -> None:
        for text in process.stdout or ():
            partition, offset, at = text.split()
            watch.incoming.put(Line(number, int(partition), int(offset), float(at)))

    listener = threading.Thread(target=listen)
    listener.start()
    try:
        yield process
    finally:
        process.terminate()
        process.wait()
        listener.join()


async def work(bootstrap: str, topic: str, group: str) -> None:
    """Be one of the two."""

    async def handle(message: Message) -> None:
        sys.stdout.write(f"{message.partition} {message.offset} {time.monotonic()}\n")
        sys.stdout.flush()

    settings = KafkaSettings(bootstrap_servers=bootstrap, session_timeout=SESSION, heartbeat_interval=HEARTBEAT)
    worker = Worker(group, [topic], {TYPE: handle}, inbox=MemoryInbox(), settings=settings)
    own_topics = [TopicSpec(name, 1) for name in worker.needed_topics if name != topic]
    await ensure_topics(settings, own_topics)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, worker.request_stop)
    await worker.run()


if __name__ == "__main__":
    asyncio.run(work(*sys.argv[1:]))
