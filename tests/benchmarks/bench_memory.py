"""Resident memory: the whole demo at its peak, and an allocation worker that has nothing to do.

Every process of the demo counts, its embedded Kafka is a child. The idle worker is measured after it has joined its
group, with the embedded database inside its process: a worker on a real MongoDB needs less.
"""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil  # type: ignore[import-untyped]  # ships no types

from lyceum_devstack.demo.stage import open_stage

from . import idle_worker
from .judging import Row, at_most
from .options import parsed
from .report import Report

if TYPE_CHECKING:
    from collections.abc import Iterator

MIB = 1024 * 1024
BAR_DEMO_MIB = 500
BAR_IDLE_WORKER_MIB = 150
LOOK_EVERY_S = 0.1
IDLE_FOR_S = 8.0


def row(what: str, peak: float, bar: int) -> Row:
    return at_most(what, f"{peak:.0f} MiB", peak, bar, " MiB")


def bench_demo() -> Row:
    """Sample `lyceum demo` from start to end."""
    with started("-m", "lyceum_devstack", "demo") as demo:
        peak = peak_mib(demo, until=float("inf"))
    if demo.returncode:
        raise SystemExit(f"lyceum demo ended with {demo.returncode}: run it by itself to see why")
    return row("lyceum demo, all its processes, peak", peak, BAR_DEMO_MIB)


def bench_idle_worker() -> Row:
    """Sample a worker that has joined its group and waits for events."""
    with open_stage(None, None) as stage, started("-m", idle_worker.__name__, stage.bootstrap) as worker:
        line = worker.stdout.readline() if worker.stdout else ""
        if line.strip() != idle_worker.READY:
            raise SystemExit(f"the idle worker said {line!r} instead of {idle_worker.READY!r}")
        peak = peak_mib(worker, until=time.monotonic() + IDLE_FOR_S)
    return row(f"idle allocation worker over {IDLE_FOR_S:.0f} s, peak", peak, BAR_IDLE_WORKER_MIB)


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run this interpreter; the process has ended when the block has."""
    process = subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate()


def peak_mib(process: subprocess.Popen[str], *, until: float) -> float:
    """Highest sum of resident memory over the process and its children, until it ends or the time comes."""
    family, peak = psutil.Process(process.pid), 0
    while process.poll() is None and time.monotonic() < until:
        try:
            peak = max(peak, sum(one.memory_info().rss for one in (family, *family.children(recursive=True))))
        except psutil.NoSuchProcess:
            continue  # a child ended between the two looks
        time.sleep(LOOK_EVERY_S)
    return peak / MIB


def main(arguments: list[str]) -> int:
    """Print the table; 1 if a bar is broken."""
    report = Report("memory", parsed(arguments, "memory", __doc__ or ""))
    report.add("resident memory", [bench_demo(), bench_idle_worker()])
    return report.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
