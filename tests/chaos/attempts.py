"""Whether attempts were counted as the handlers failed: none too many, none forgotten, none without a failure."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator

from .evidence import Evidence
from .fates import MAX_ATTEMPTS, PLANNED


def attempted_too_often(given: Evidence) -> Iterator[str]:
    """A run numbered beyond the limit, or more failures counted, or a dead letter that says so."""
    failures: Counter[str] = Counter()
    for note in given.notes:
        if note.what == "ran" and note.facts["attempt"] > MAX_ATTEMPTS:
            yield f"{note.id} ran as attempt {note.facts['attempt']}"
        elif note.what == "counted":
            failures[note.id] += 1
    for event, count in failures.items():
        if count > MAX_ATTEMPTS:
            yield f"{event} failed {count} times"
    for letter in given.letters:
        if letter.attempts > MAX_ATTEMPTS:
            yield f"the letter of {letter.event_id} counts {letter.attempts} attempts"


def forgotten_attempts(given: Evidence) -> Iterator[str]:
    """A claim asked for after a failure was counted, that knows less."""
    counted: Counter[str] = Counter()
    for note in sorted(given.notes, key=lambda one: float(one.facts.get("asked", one.at))):
        if note.what == "counted":
            counted[note.id] = max(counted[note.id], note.facts["attempts"])
        elif note.what == "claimed" and note.facts["attempts"] < counted[note.id]:
            yield f"{note.id} was claimed with {note.facts['attempts']} attempts, {counted[note.id]} were counted"


def groundless_attempts(given: Evidence) -> Iterator[str]:
    """More attempts counted than runs that failed as planned: a run that is cut off by a stop must cost nothing."""
    failed: defaultdict[str, dict[int, float]] = defaultdict(dict)
    for note in given.notes:
        if note.what == "failed" and note.facts["error"] in PLANNED:
            failed[note.id].setdefault(note.facts["fence"], note.at)
    moments = {event: sorted(fences.values()) for event, fences in failed.items()}
    for note in given.notes:
        if note.what in ("claimed", "counted"):
            grounds = bisect_left(moments.get(note.id, ()), note.at)
            if note.facts["attempts"] > grounds:
                yield f"{note.id}: {note.process} knew of {note.facts['attempts']} attempts after {grounds} failures"
