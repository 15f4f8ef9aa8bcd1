"""What each worker process notes of itself, one line per fact, written at once: a kill takes nothing of it away."""

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ENDED = ("finished", "dead", "counted", "released")
"""Notes of a claim that came to an end."""


class RunLog:
    """The notes of this process. Times are of the machine's one monotonic clock, so that processes compare."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)

    def note(self, what: str, **facts: Any) -> None:
        """Write one line by one system call; safe from any thread."""
        line = json.dumps({"what": what, "at": time.monotonic(), **facts}, separators=(",", ":"))
        os.write(self._file, line.encode() + b"\n")


@dataclass(frozen=True, slots=True)
class Note:
    """One line of one process."""

    process: str
    at: float
    """Seconds of the machine's monotonic clock."""
    what: str
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The event that it is about."""
        return str(self.facts["id"])


def read(path: Path, *, skip: int = 0) -> tuple[list[Note], int]:
    """The notes of one file from the byte `skip` on, and where to go on; a line half written is left for later."""
    with path.open("rb") as file:
        file.seek(skip)
        lines = file.read().rpartition(b"\n")[0].splitlines(keepends=True)
    return [_note(path.stem, line) for line in lines], skip + sum(map(len, lines)) + bool(lines)


def _note(process: str, line: bytes) -> Note:
    facts = json.loads(line)
    return Note(process, facts.pop("at"), facts.pop("what"), facts)
