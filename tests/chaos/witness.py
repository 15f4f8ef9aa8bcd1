"""Follows what the workers note while they work, for the lines of progress and for knowing when all is done."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from pathlib import Path

from .fates import lingers_s
from .orders import World
from .runlog import ENDED, Note, read


class Witness:
    """Reads each file on from where it was left."""

    def __init__(self) -> None:
        self._read: Counter[Path] = Counter()
        self.notes: list[Note] = []
        self.done: set[str] = set()
        """Events marked done."""
        self.dead: set[str] = set()
        """Events marked dead; those that are no events have no mark."""
        self.working: set[str] = set()
        """Processes that were assigned partitions."""
        self.rebalancing: set[str] = set()
        """Processes that handed their partitions over, and were not given any since."""
        self.lingering: defaultdict[str, set[str]] = defaultdict(set)
        """Process -> events whose long runs it began and did not end."""
        self.died: Counter[tuple[World, str]] = Counter()
        """(world, failpoint) -> processes that died there."""

    def look(self, run_logs: Iterable[Path]) -> None:
        """Take in what is new."""
        for path in run_logs:
            if path.stat().st_size == self._read[path]:
                continue
            notes, self._read[path] = read(path, skip=self._read[path])
            for note in notes:
                self._take(note)

    def _take(self, note: Note) -> None:
        self.notes.append(note)
        if note.what in ("ran", *ENDED):
            self._follow_run(note)
        if note.what == "finished":
            self.done.add(note.id)
        elif note.what == "dead":
            self.dead.add(note.id)
        elif note.what == "assigned":
            self.rebalancing.discard(note.process)
            if note.facts["partitions"]:
                self.working.add(note.process)
        elif note.what == "revoked":
            self.rebalancing.add(note.process)
        elif note.what == "died":
            self.died[World(note.process.partition("-")[0]), note.facts["point"]] += 1

    def _follow_run(self, note: Note) -> None:
        if note.what == "ran" and lingers_s(note.id):
            self.lingering[note.process].add(note.id)
        elif note.what != "ran":
            self.lingering[note.process].discard(note.id)
