"""Writes docs/benchmarks.md and its plots from kept figures.

`python -m tests.benchmarks.docs_page` draws them anew without measuring anything.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from . import plots
from .options import DOCS, PUBLISHED

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

INTRODUCTION = """\
<!-- Written by tests/benchmarks from benchmarks.json: change those, not this. -->

# Benchmarks

Measured by `./noxw -s bench`, which starts real servers, prints each figure beside its bar and fails if a bar is broken.
Absolute rates belong to the machine; **ratios are the result**: runtimes take turns on one broker, each run in a fresh process
that warms up first, medians of three. Every run is also judged by what it completed: each record once, each key in log order.

```sh
./noxw -s bench                                  # all of them, short
./noxw -s bench -- keylane --full --write-docs   # one of them, long; keeps its figures and draws this page anew
./noxw -s bench -- soak --minutes 10 --write-docs
```
"""
TITLES = {
    "keylane": "keylane beside other Python runtimes",
    "allocation": "Allocation, end to end",
    "soak": "Memory over a soak",
    "auth": "Signing in",
    "story": "Courses, purchases and conversations over HTTP",
    "fairness": "Fairness of the choice of trainers, simulated",
    "memory": "Resident memory of the programs",
    "modelguard": "modelguard",
    "web": "The web kit beside bare FastAPI",
}
SETTINGS = """\
Same topic, same records (six CloudEvents headers, a JSON value of about 70 bytes), Python's own event loop for all:

| runtime | as configured here |
|---|---|
| keylane | key order, at least once, `MemoryInbox`, default settings; `concurrency` as stated |
| bare aiokafka loop | `getmany()` of whole fetches, one commit per batch; no decoding, no retries, no dead letters |
| aiokafka loop that decodes | the same, reading headers and JSON as a handler needs them |
| confluent-kafka loop | `consume(5000)`, one synchronous commit per batch; no decoding, no retries |
| FastStream | `logger=None`, `apply_types=False`; default acknowledgement (before the handler: at most once), or `AckPolicy.ACK` |
| FastStream, batch | as ACK with `batch=True, max_records=500`: the handler gets lists, one failure fails its whole list |
| FastStream, `max_workers` | default acknowledgement; nothing keeps records of one key apart |
"""
ABOUT = {"keylane": SETTINGS}
PLOTS = {
    "keylane": ("throughput", plots.throughput, "throughput", "Records per second by runtime"),
    "allocation": ("growth", plots.growth, "allocation", "Allocations per second by number of trainers"),
    "soak": ("rss_mib", plots.soak, "soak", "Resident memory over the soak"),
}
"""By benchmark: the figure that it needs, who draws it, the file's stem, what it shows."""


def write(results: Path, docs: Path = DOCS) -> None:
    """Draw everything that is kept; a benchmark that was never run is left out."""
    kept = json.loads(results.read_text(encoding="utf-8"))
    parts = [INTRODUCTION]
    for name in (name for name in TITLES if name in kept):
        parts += _benchmark(name, kept[name], docs)
    (docs / "benchmarks.md").write_text("\n".join(parts), encoding="utf-8")


def _benchmark(name: str, outcome: Mapping[str, Any], docs: Path) -> Iterator[str]:
    yield f"## {TITLES[name]}\n"
    versions = ", ".join(f"{package} {version}" for package, version in outcome["versions"].items())
    yield (
        f"{outcome['when'][:16].replace('T', ' ')} UTC, `{outcome['command']}`, {outcome['seconds']} s; "
        f"{outcome['machine']}; load average before {outcome['load_average_before']}; {versions}.\n"
    )
    if name in ABOUT:
        yield ABOUT[name]
    if name in PLOTS and outcome["figures"].get(PLOTS[name][0]):
        _, draw, stem, shows = PLOTS[name]
        draw(outcome["figures"], docs / "benchmarks" / f"{stem}.svg")
        yield f"![{shows}](benchmarks/{stem}.svg)\n"
    for section in outcome["sections"]:
        yield _section(section)


def _section(section: Mapping[str, Any]) -> str:
    lines = [f"### {section['heading']}", "", "| | | bar | |", "|---|---:|---:|---|"]
    for row in section["rows"]:
        verdict = {None: "", True: "holds", False: "**broken**"}[row["within"]]
        lines.append(f"| {_cell(row['what'])} | {_cell(row['figure'])} | {_cell(row['bar'])} | {verdict} |")
    return "\n".join([*lines, "", *([section["note"], ""] if section["note"] else [])])


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


if __name__ == "__main__":
    write(PUBLISHED)
