"""Memory of a worker: over a soak at full speed with failures, with large records, and with one key that never ends.

The worker is a process of its own; its resident memory is read once a second from outside. `--minutes 10` soaks for ten
minutes instead of some seconds.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING

import psutil  # type: ignore[import-untyped]  # ships no types
from confluent_kafka import Producer

from .judging import Row, at_most, growth
from .load import FLUSH_S, PRODUCER, create, event
from .options import parsed
from .places import kafka, say
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

MIB = 1024 * 1024
BAR_RESIDENT_MIB = 250
BAR_GROWTH_MIB = 5
JUDGED_FROM_S = 100.0
SHORT_S, FULL_S = 12.0, 120.0
LARGE_BYTES = 100_000
LARGE_RECORDS = 4_000
PARTITIONS = 4
KEYS = 2_500
"""Per partition."""
AHEAD = 200_000
"""Records that lie ready: some seconds of work, so that the worker never waits for them."""
BATCH = 2_000
JOIN_S = 30.0
BOUNDED_LOG = {"retention.bytes": str(256 * MIB), "segment.bytes": str(64 * MIB)}


@dataclass
class Worker:
    """A worker process as seen from outside.

    Attributes:
        done: Records finished, as it says itself.
        samples: Seconds since it began to finish records, and its resident memory in MiB.
    """

    process: subprocess.Popen[str]
    complaints: IO[str]
    done: int = 0
    retried: int = 0
    dead: int = 0
    samples: list[tuple[float, float]] = field(default_factory=list)

    def listen(self) -> None:
        for line in self.process.stdout or ():
            self.done, self.retried, self.dead = map(int, line.split())

    def watch(self, seconds: float) -> None:
        """Sample once a second, from the first finished record on.

        Raises:
            WorkerEndedError: It ended, or finished nothing.
        """
        deadline = time.monotonic() + JOIN_S
        while not self.done:
            self._check(time.monotonic() < deadline, f"it finished nothing within {JOIN_S:.0f} s")
            time.sleep(0.05)
        began, watched = time.monotonic(), psutil.Process(self.process.pid)
        while (now := time.monotonic() - began) < seconds:
            self._check(alive=True, why="")
            self.samples.append((now, watched.memory_info().rss / MIB))
            time.sleep(1.0)

    @property
    def peak_mib(self) -> float:
        return max(mib for _, mib in self.samples)

    def _check(self, alive: bool, why: str) -> None:
        if self.process.poll() is not None:
            self.complaints.seek(0)
            lines = [line for line in self.complaints.read().splitlines() if line.strip()]
            last = lines[-1][:200] if lines else "it said nothing"
            raise WorkerEndedError(f"the worker ended with {self.process.returncode}: {last}")
        if not alive:
            raise WorkerEndedError(why)


class WorkerEndedError(Exception):
    """There is nothing to measure; its text is one line."""


def main(arguments: list[str]) -> int:
    """Print the tables; 1 if a bar is broken."""
    options = parsed(arguments, "soak", __doc__ or "", cases=("soak", "large", "stuck"), timed=True)
    report = Report("soak", options)
    seconds = options.minutes * 60 if options.minutes else FULL_S if options.full else SHORT_S
    rows: list[Row] = []
    with kafka() as bootstrap:
        cases: dict[str, Callable[[], list[Row]]] = {
            "soak": lambda: soak(bootstrap, seconds, report),
            "large": lambda: large_records(bootstrap, 30.0 if options.full else 6.0),
            "stuck": lambda: stuck_key(bootstrap, 60.0 if options.full else 6.0),
        }
        for name, case in cases.items():
            if options.case in (None, name):
                say(f"soak: {name}")
                try:
                    rows += case()
                except WorkerEndedError as exc:
                    rows.append(Row(name, f"failed: {exc}", "a figure", within=False))
    report.add(f"one keylane worker, key order, 64 in flight, MemoryInbox, {PARTITIONS} partitions", rows)
    return report.close()


def soak(bootstrap: str, seconds: float, report: Report) -> list[Row]:
    """Full speed, 1 % of the records fail once, some are given up."""
    create(bootstrap, "soak", PARTITIONS, **BOUNDED_LOG)
    with started(bootstrap, "soak") as worker, flooded(bootstrap, "soak", worker):
        worker.watch(seconds)
    length = worker.samples[-1][0]
    report.figures |= {
        "rss_mib": [[round(at, 1), round(mib, 1)] for at, mib in worker.samples],
        "bar_mib": BAR_RESIDENT_MIB,
    }
    said = f"{worker.done:,} done ({worker.done / length:,.0f}/s), {worker.retried:,} retried, {worker.dead:,} dead"
    return [
        Row(f"full load for {length:.0f} s, 1 % failing", said),
        resident("full load, peak", worker),
        grown([mib for _, mib in worker.samples], length),
    ]


def large_records(bootstrap: str, seconds: float) -> list[Row]:
    """Values of 100 kB before a handler that takes its time: as much is fetched ahead as may be."""
    create(bootstrap, "large", PARTITIONS)
    producer = Producer({"bootstrap.servers": bootstrap, **PRODUCER})
    for number in range(LARGE_RECORDS):
        value, headers = event(number % PARTITIONS, number // PARTITIONS, blob="x" * LARGE_BYTES)
        producer.produce("large", value, b"key-%d" % (number % KEYS), partition=number % PARTITIONS, headers=headers)
        producer.poll(0)
    producer.flush(FLUSH_S)
    with started(bootstrap, "large") as worker:
        worker.watch(seconds)
    return [resident(f"{LARGE_RECORDS:,} records of {LARGE_BYTES // 1000} kB, peak", worker)]


def stuck_key(bootstrap: str, seconds: float) -> list[Row]:
    """One key fails for ever: what is finished behind it must be remembered, and may not fill the memory."""
    create(bootstrap, "stuck", PARTITIONS, **BOUNDED_LOG)
    with started(bootstrap, "stuck") as worker, flooded(bootstrap, "stuck", worker):
        worker.watch(seconds)
    said = f"{worker.done:,} done ({worker.done / worker.samples[-1][0]:,.0f}/s) beside it"
    return [
        Row(f"one key in retry for {worker.samples[-1][0]:.0f} s", said),
        resident("one key in retry, peak", worker),
    ]


def grown(samples_mib: Sequence[float], length_s: float) -> Row:
    """A short soak ends before caches are full: it is no proof either way, and has no bar."""
    what = "last third against the second, peak or trough"
    if length_s < JUDGED_FROM_S:
        return Row(what, "too short to tell", f"from {JUDGED_FROM_S:.0f} s on")
    growth_mib = growth(samples_mib)
    return at_most(what, f"{growth_mib:+.1f} MiB", growth_mib, BAR_GROWTH_MIB, " MiB")


def resident(what: str, worker: Worker) -> Row:
    return at_most(what, f"{worker.peak_mib:.0f} MiB resident", worker.peak_mib, BAR_RESIDENT_MIB, " MiB")


@contextmanager
def started(bootstrap: str, kind: str) -> Iterator[Worker]:
    """A worker process; it has ended when the block has."""
    command = [sys.executable, "-m", f"{__package__}.soak_worker", bootstrap, kind, f"{kind}-group", kind]
    with TemporaryFile("w+") as complaints:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True)
        worker = Worker(process, complaints)
        listener = threading.Thread(target=worker.listen)
        listener.start()
        try:
            yield worker
        finally:
            process.terminate()
            try:
                process.wait(JOIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
            listener.join()


@contextmanager
def flooded(bootstrap: str, topic: str, worker: Worker) -> Iterator[None]:
    """Keep more records ready than the worker can take."""
    stop = threading.Event()
    flood = threading.Thread(target=keep_ahead, args=(bootstrap, topic, worker, stop))
    flood.start()
    try:
        yield
    finally:
        stop.set()
        flood.join()


def keep_ahead(bootstrap: str, topic: str, worker: Worker, stop: threading.Event) -> None:
    producer = Producer({"bootstrap.servers": bootstrap, **PRODUCER})
    published = 0
    while not stop.is_set():
        if published - worker.done > AHEAD:
            stop.wait(0.05)
            continue
        for number in range(published, published + BATCH):
            partition, offset = number % PARTITIONS, number // PARTITIONS
            value, headers = event(partition, offset)
            key = b"key-%d-%d" % (partition, offset * 7 % KEYS)
            producer.produce(topic, value, key, partition=partition, headers=headers)
        producer.poll(0)
        published += BATCH
    producer.flush(FLUSH_S)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
