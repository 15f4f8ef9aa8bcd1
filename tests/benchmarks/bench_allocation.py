"""Allocation end to end, from published purchases to trainers assigned, beside the bare writes that it needs.

The bare writes are those that a real worker was seen to send for one purchase (its claim, its allocation, the seat, the
event and its publication), repeated for other purchases by as many threads, on the same engine. Neither reads nor
decides, and nothing is read from Kafka: what is missing to 100 % is the price of the rest.
"""

from __future__ import annotations

import json
import math
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any

import psutil  # type: ignore[import-untyped]  # ships no types
from pymongo import MongoClient
from tests.wire.deployment import Deployment

from . import allocation_site as site_of
from .judging import Row, at_least, at_most
from .options import parsed
from .places import kafka, mongodb, say
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MIB = 1024 * 1024
BAR_PERCENT = 60.0
BAR_RESIDENT_MIB = 250
FULL = {10: 3_000, 1_000: 3_000, 10_000: 600}
"""Purchases by number of trainers: an engine that looks at every trainer is slow with ten thousand."""
SHORT = {10: 300, 1_000: 300, 10_000: 60}
JUDGED = 1_000
"""The number of trainers at which the bar is held; the others show how the rate grows or falls."""
WARM_UP = 40
"""Purchases before those that count: the worker's first ones wait for its threads and connections."""
LOOK_EVERY_S = 0.05
WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Run:
    """Rates of one round, in allocations per second.

    Attributes:
        told: Until the last event was published too.
        peak_mib: Resident memory of the worker, at its highest.
        broken: What the stored data break afterwards.
    """

    rate: float
    told: float
    peak_mib: float
    bare: float
    writes: dict[str, int]
    reads: dict[str, int]
    broken: list[str]


@dataclass
class Size:
    """Resident memory of a process."""

    process: psutil.Process
    peak_mib: float = 0.0

    def looked(self) -> bool:
        """Note how large it is; false when it has ended."""
        try:
            self.peak_mib = max(self.peak_mib, self.process.memory_info().rss / MIB)
        except psutil.NoSuchProcess:
            return False
        return True


class RunFailedError(Exception):
    """A run ended without a figure; its text is one line."""


def main(arguments: list[str]) -> int:
    """Print the tables; 1 if a bar is broken."""
    options = parsed(arguments, "allocation", __doc__ or "")
    report = Report("allocation", options)
    counts, rounds = (FULL, 3) if options.full else (SHORT, 1)
    found: dict[int, list[Run]] = {}
    rows: list[Row] = []
    with kafka() as bootstrap:
        for trainers, allocations in counts.items():
            for number in range(rounds):
                name = f"allocation-{trainers}-{number}"
                try:
                    run = measured(bootstrap, name, trainers, allocations, order=number, growth=options.full)
                except RunFailedError as exc:
                    rows.append(Row(f"{trainers:,} trainers", f"failed: {exc}", "a figure", within=False))
                    continue
                say(f"  {trainers:,} trainers, round {number + 1}: {share(run.rate, run.bare)}")
                found.setdefault(trainers, []).append(run)
    rows += [row for trainers, runs in found.items() for row in rows_of(trainers, runs)]
    report.figures["growth"] = [
        {"trainers": trainers, "rate": median(runs, "rate"), "bare": median(runs, "bare") if runs[-1].writes else None}
        for trainers, runs in found.items()
    ]
    heading = f"{max(counts.values()):,} purchases of {site_of.SKILLS} skills, one worker, {site_of.THREADS} at a time"
    report.add(heading, rows, note(found))
    return report.close()


def measured(bootstrap: str, name: str, trainers: int, allocations: int, *, order: int, growth: bool) -> Run:
    """One round, each half on a database server of its own: what one keeps in memory does not slow the other.

    Args:
        order: Even: the worker first; odd: the bare writes first.
        growth: Also measure the bare writes where no bar is held.

    Raises:
        RunFailedError: There is no figure.
    """
    repeated: dict[str, Any] | None = None
    if order % 2:
        repeated = bare(bootstrap, f"{name}-bare", trainers, allocations)
    rate, told, peak_mib, broken = end_to_end(bootstrap, name, trainers, allocations)
    if repeated is None and (growth or trainers == JUDGED):
        repeated = bare(bootstrap, f"{name}-bare", trainers, allocations)
    if repeated is None:
        return Run(rate, told, peak_mib, float("nan"), {}, {}, broken)
    if repeated["unmatched"]:
        raise RunFailedError(f"{repeated['unmatched']} bare updates found no document: they are no comparison")
    return Run(rate, told, peak_mib, allocations / repeated["seconds"], repeated["writes"], repeated["reads"], broken)


def end_to_end(bootstrap: str, name: str, trainers: int, allocations: int) -> tuple[float, float, float, list[str]]:
    """Rates until all are assigned and until all are told, the worker's highest memory, and what is broken after it."""
    with mongodb() as uri:
        site = Deployment(bootstrap, uri, name)
        site_of.deploy(site, trainers=trainers, seats=2 * (allocations + WARM_UP))
        client: MongoClient[dict[str, Any]] = MongoClient(uri)
        stored = client[name].allocations
        with worker(site) as size:
            site.publish(*site_of.purchases(range(WARM_UP)))
            awaited(lambda: settled(stored, WARM_UP), "the first purchases to be allocated")
            published_at = time.monotonic()
            site.publish(*site_of.purchases(range(WARM_UP, WARM_UP + allocations)))
            total = WARM_UP + allocations
            awaited(lambda: size.looked() and site_of.assigned(stored) == total, "every purchase to be allocated")
            assigned_s = time.monotonic() - published_at
            awaited(lambda: size.looked() and settled(stored, total), "every event to be published")
            told_s = time.monotonic() - published_at
        client.close()
        return allocations / assigned_s, allocations / told_s, size.peak_mib, site.broken_promises()


def bare(bootstrap: str, name: str, trainers: int, allocations: int) -> dict[str, Any]:
    """What `allocation_writes` finds, in a process of its own."""
    with mongodb() as uri:
        site = asdict(Deployment(bootstrap, uri, name))
        task = json.dumps({"site": site, "trainers": trainers, "allocations": allocations})
        command = [sys.executable, "-m", f"{__package__}.allocation_writes", task]
        try:
            ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=WITHIN_S)
        except subprocess.TimeoutExpired as exc:
            raise RunFailedError(f"the bare writes did not end within {WITHIN_S:.0f} s") from exc
    if ended.returncode:
        raise RunFailedError(f"the bare writes failed: {last_line(ended.stderr)}")
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


@contextmanager
def worker(site: Deployment) -> Iterator[Size]:
    """The real program, from start to stop."""
    command = [sys.executable, "-m", "allocation_worker", "run"]
    with TemporaryFile("w+") as log:
        process = subprocess.Popen(command, env=site_of.environment(site), stdout=log, stderr=log)
        try:
            yield Size(psutil.Process(process.pid))
            if process.poll() is not None:
                log.seek(0)
                raise RunFailedError(f"the worker ended with {process.returncode}: {last_line(log.read())}")
        finally:
            process.terminate()
            process.wait()


def settled(stored: Any, count: int) -> bool:
    """Whether so many are assigned and nothing is left to be published."""
    return site_of.assigned(stored) == count and not stored.count_documents({"outbox_due": {"$exists": True}})


def awaited(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + WITHIN_S
    while not condition():
        if time.monotonic() > deadline:
            raise RunFailedError(f"waited {WITHIN_S:.0f} s in vain for {what}")
        time.sleep(LOOK_EVERY_S)


def rows_of(trainers: int, runs: list[Run]) -> list[Row]:
    what, peak = f"{trainers:,} trainers", max(run.peak_mib for run in runs)
    rate, told, plain = (median(runs, name) for name in ("rate", "told", "bare"))
    percent = statistics.median(run.rate / run.bare for run in runs) * 100
    broken = sorted({fault for run in runs for fault in run.broken})
    return [
        at_least(f"{what}: to assigned, of the bare writes", share(rate, plain), percent, BAR_PERCENT, " %")
        if trainers == JUDGED
        else Row(f"{what}: to assigned", share(rate, plain)),
        Row(f"{what}: to assigned and told", f"{told:.0f}/s"),
        at_most(f"{what}: the worker's memory, peak", f"{peak:.0f} MiB resident", peak, BAR_RESIDENT_MIB, " MiB"),
        Row(f"{what}: promises broken", ", ".join(broken) or "none", "none", not broken),
    ]


def share(rate: float, plain: float) -> str:
    return f"{rate:.0f}/s" if math.isnan(plain) else f"{rate:.0f}/s of {plain:.0f}/s: {rate / plain * 100:.0f} %"


def median(runs: list[Run], name: str) -> float:
    return float(statistics.median(getattr(run, name) for run in runs))


def note(found: dict[int, list[Run]]) -> str:
    """Which writes were repeated, and what the worker asks beside them."""
    for runs in found.values():
        if not runs[-1].writes:
            continue
        writes = ", ".join(f"{count} {what}" for what, count in runs[-1].writes.items())
        reads = ", ".join(f"{count} {what}" for what, count in runs[-1].reads.items() if what in ("find", "aggregate"))
        return f"Writes of one allocation: {writes}. Beside them the worker sent, alone at work: {reads}."
    return ""


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it said nothing"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
