"""What is worth knowing of a run beside its verdict."""

import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from keylane.letters import CRASH_LOOP

from .crew import Kill
from .evidence import Evidence
from .fates import fate_of
from .runlog import ENDED, Note


def redeliveries(notes: Iterable[Note]) -> int:
    """Records that a worker was given again."""
    given = Counter(
        (note.facts["partition"], offset)
        for note in notes
        if note.what == "fetched"
        for offset in range(note.facts["first"], note.facts["last"] + 1)
    )
    return given.total() - len(given)


def counted(notes: Iterable[Note], what: str) -> int:
    """Notes of this kind."""
    return sum(note.what == what for note in notes)


def dead_by_reason(evidence: Evidence) -> Counter[str]:
    """Letters by reason, each once."""
    return Counter({letter.letter_id: letter.reason for letter in evidence.letters}.values())


def given_up(evidence: Evidence) -> list[str]:
    """Events that could have succeeded, dead because their runs were cut off by kills too often in a row."""
    letters = {letter.event_id for letter in evidence.letters if letter.reason == CRASH_LOOP}
    return sorted(event for event in letters if not fate_of(event).dies)


def left_by_stops(evidence: Evidence) -> int:
    """Claims of processes that ended well when told to stop, which others had to wait for."""
    ended = {(note.id, note.facts["fence"]) for note in evidence.notes if note.what in (*ENDED, "fenced")}
    return sum(
        note.what == "claimed" and note.process in evidence.stopped and (note.id, note.facts["fence"]) not in ended
        for note in evidence.notes
    )


def takeovers_s(notes: Sequence[Note], kills: Iterable[Kill]) -> list[float]:
    """Of each killed process that owned partitions: seconds until the last of them was another's."""
    ordered = sorted((note for note in notes if note.what in ("assigned", "revoked")), key=lambda note: note.at)
    taken = (_takeover_s(ordered, kill) for kill in kills)
    return [seconds for seconds in taken if seconds is not None]


def _takeover_s(ordered: Sequence[Note], kill: Kill) -> float | None:
    owned: set[str] = set()
    for note in ordered:
        if note.process == kill.process and note.at < kill.at:
            partitions = set(note.facts["partitions"])
            owned = owned | partitions if note.what == "assigned" else owned - partitions
    latest: defaultdict[str, float] = defaultdict(lambda: float("inf"))
    for note in ordered:
        if note.what == "assigned" and note.at > kill.at:
            for partition in owned & set(note.facts["partitions"]):
                latest[partition] = min(latest[partition], note.at)
    ends = [latest[partition] for partition in owned]
    return max(ends) - kill.at if ends and max(ends) < float("inf") else None


def spread(seconds: Sequence[float]) -> str:
    """Median and largest, in seconds."""
    if not seconds:
        return "-"
    return f"{statistics.median(seconds):.1f} / {max(seconds):.1f} ({len(seconds)})"
