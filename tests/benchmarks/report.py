"""Prints a benchmark's tables as they come, and keeps its figures for the documentation."""

from __future__ import annotations

import json
import os
import platform
import re
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil  # type: ignore[import-untyped]  # ships no types

from . import docs_page
from .judging import Row, hold, table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .options import Options

PACKAGES = ("aiokafka", "confluent-kafka", "faststream", "pymongo")
GIB = 1024**3


@dataclass
class Report:
    """One benchmark's outcome.

    Attributes:
        name: As `nox -s bench -- NAME` picks it.
        figures: Numbers for plots, by name.
    """

    name: str
    options: Options
    sections: list[dict[str, Any]] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _load_before: tuple[float, ...] = field(default_factory=os.getloadavg)

    def add(self, heading: str, rows: Sequence[Row], note: str = "") -> None:
        """Print one table, with what is to be known about it."""
        self.rows += rows
        self.sections.append({"heading": heading, "note": note, "rows": [asdict(row) for row in rows]})
        sys.stdout.write(table(heading, rows) + (f"{note}\n" if note else "") + "\n")
        sys.stdout.flush()

    def close(self, judged: Sequence[Row] | None = None) -> int:
        """Keep the figures where asked; the exit code says whether the bars hold, of all rows unless some are named."""
        seconds = time.monotonic() - self._began
        sys.stdout.write(f"{self.name}: {seconds:.0f} s\n")
        if self.options.results is not None:
            keep(self.options.results, self.name, self._as_dict(seconds))
            if self.options.write_docs:
                docs_page.write(self.options.results)
        return 0 if hold(self.rows if judged is None else judged) else 1

    def _as_dict(self, seconds: float) -> dict[str, Any]:
        return {
            "when": datetime.now(UTC).isoformat(timespec="seconds"),
            "command": " ".join(["./noxw -s bench --", self.name, *self.options.arguments]),
            "seconds": round(seconds),
            "load_average_before": round(self._load_before[0], 2),
            "machine": machine(),
            "versions": versions(),
            "sections": self.sections,
            "figures": self.figures,
        }


def keep(path: Path, name: str, outcome: dict[str, Any]) -> None:
    """Replace this benchmark's part of the file, and leave the others as they are."""
    kept = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    kept[name] = outcome
    path.write_text(json.dumps(dict(sorted(kept.items())), indent=1, allow_nan=False) + "\n", encoding="utf-8")


def machine() -> str:
    cores, memory = os.cpu_count(), psutil.virtual_memory().total / GIB
    return f"{cores} cores ({_processor()}), {memory:.0f} GiB, {platform.system()} {platform.machine()}"


def versions() -> dict[str, str]:
    found = {"Python": platform.python_version(), **{package: version(package) for package in PACKAGES}}
    poms = files("real_servers") / "java"
    for server, artifact in (("kafka", "kafka_2.13"), ("mongo", "mongo-java-server")):
        text = (poms / server / "pom.xml").read_text(encoding="utf-8")
        named = re.search(rf"<artifactId>{re.escape(artifact)}</artifactId>\s*<version>([^<]+)<", text)
        found[artifact] = named[1] if named else "?"
    return found


def _processor() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return platform.processor() or platform.machine()
    named = re.search(r"model name\s*:\s*(.+)", text)
    return named[1].strip() if named else platform.machine()
