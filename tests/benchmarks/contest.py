"""Runs contestants: each run in a fresh process that warms up on a topic of its own, runtimes in turns.

`python -m tests.benchmarks.contest TASK` is such a process; it prints its outcome as one line of JSON.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass, replace
from importlib import import_module
from typing import TYPE_CHECKING, Any

from .judging import percentile
from .load import Load, publish
from .recording import Recorder
from .task import Task
from .verifying import Verified, verify

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WARM_UP = Load("warm-up", partitions=4, records=4_000, keys=400)
WARM_UP_S = 0.5
START_S = 20.0
"""What a run may take beside its limit: imports, joining, warming up, leaving."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run did.

    Attributes:
        error: One line; then the figures mean nothing.
    """

    done: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    verified: Verified | None = None
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    error: str = ""

    @property
    def rate(self) -> float:
        """Records per second."""
        return self.done / self.seconds if self.seconds else 0.0

    @property
    def cpu_rate(self) -> float:
        """Records per second of this process's processor time: what a busy machine does not change."""
        return self.done / self.cpu_seconds if self.cpu_seconds else 0.0


@dataclass(frozen=True, slots=True)
class Result:
    """The median of some runs of one contestant.

    Attributes:
        faults: Of all runs together.
        error: Of the first run that failed.
    """

    rate: float
    cpu_rate: float
    faults: Verified
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    error: str = ""

    @property
    def at_all(self) -> bool:
        """Whether there is a figure."""
        return not self.error and self.rate > 0


def median_of(outcomes: Sequence[Outcome]) -> Result:
    """One failed run makes the whole result an error: a median of the lucky ones would flatter."""
    faults = Verified(0, 0, 0)
    for outcome in outcomes:
        if outcome.error:
            return Result(0.0, 0.0, faults, error=outcome.error)
        if outcome.verified is not None:
            parts = zip(asdict(faults).items(), asdict(outcome.verified).values(), strict=True)
            faults = Verified(**{name: before + more for (name, before), more in parts})
    return Result(
        statistics.median(outcome.rate for outcome in outcomes),
        statistics.median(outcome.cpu_rate for outcome in outcomes),
        faults,
        statistics.median(outcome.p50_ms for outcome in outcomes),
        statistics.median(outcome.p99_ms for outcome in outcomes),
    )


def in_turns(
    tasks: Mapping[str, Task],
    load: Load,
    *,
    rounds: int,
    run: Callable[[Task, Load], Outcome],
    say: Callable[[str], None],
) -> dict[str, Result]:
    """Run every task once per round, every other round in the opposite order; a run that fails stops nobody else."""
    outcomes: dict[str, list[Outcome]] = {name: [] for name in tasks}
    for number in range(rounds):
        order = list(tasks) if number % 2 == 0 else list(reversed(list(tasks)))
        for name in order:
            outcome = run(replace(tasks[name], group=f"{tasks[name].group}-{number}"), load)
            outcomes[name].append(outcome)
            say(f"  round {number + 1}: {name}: {outcome.error or f'{outcome.rate:,.0f}/s, {outcome.verified}'}")
    return {name: median_of(found) for name, found in outcomes.items()}


def run(task: Task, load: Load) -> Outcome:
    """Run one task in a process of its own."""
    command = [sys.executable, "-m", __spec__.name, json.dumps({"task": asdict(task), "load": asdict(load)})]
    try:
        ended = subprocess.run(command, capture_output=True, text=True, check=False, timeout=START_S + task.limit_s)
    except subprocess.TimeoutExpired:
        return Outcome(error=f"no end after {START_S + task.limit_s:.0f} s")
    if ended.returncode:
        lines = [line for line in ended.stderr.splitlines() if line.strip()]
        return Outcome(error=lines[-1][:200] if lines else f"exit code {ended.returncode}")
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    faults = found["verified"]
    return Outcome(**found | {"verified": faults and Verified(**faults)})


def publish_warm_up(bootstrap: str) -> None:
    publish(bootstrap, WARM_UP)


async def take_part(task: Task, load: Load) -> Outcome:
    """Warm up, run, and judge what was completed."""
    consume = import_module(f"{__package__}.contestants.{task.runtime}").consume  # its own client and no other
    short = replace(
        task, topic=WARM_UP.topic, group=f"{task.group}-warm", waits=False, stamped=False, limit_s=WARM_UP_S
    )
    await consume(short, Recorder(WARM_UP.records))
    recorder = Recorder(task.records)
    await consume(task, recorder)
    if not recorder.completed:
        return Outcome(error="nothing was completed")
    in_order = task.options.get("ordered", True)
    latencies = recorder.latencies_ms
    return Outcome(
        done=len(recorder.completed),
        seconds=recorder.seconds,
        cpu_seconds=recorder.cpu_seconds,
        verified=verify(recorder.completed, load.all_keys()) if in_order else None,
        p50_ms=percentile(latencies, 50) if latencies else 0.0,
        p99_ms=percentile(latencies, 99) if latencies else 0.0,
    )


def main(text: str) -> None:
    given = json.loads(text)
    outcome = asyncio.run(take_part(Task(**given["task"]), Load(**given["load"])))
    if outcome.error:
        sys.exit(outcome.error)
    sys.stdout.write(json.dumps(asdict(outcome)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
