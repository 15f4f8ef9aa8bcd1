"""The judge: from what was published, noted and found at the end to what was broken. Pure; it trusts nobody's counts."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

from keylane.letters import CRASH_LOOP

from .attempts import attempted_too_often, forgotten_attempts, groundless_attempts
from .evidence import Evidence, Logged
from .fates import MAX_ABANDONED, Fate, fate_of
from .queueing import overtaken
from .runlog import ENDED, Note

SETTLED = ("finished", "dead", "settled")
"""Notes that prove that an event needs nothing more."""
NOTED_WITHIN_S = 1.0
"""A busy process may note the end of a claim this long after the store has it, in seconds."""


def lost(given: Evidence) -> Iterator[str]:
    """Acknowledged, and neither its effect nor its dead letter is anywhere; of what is no event, each record counts."""
    here = {event for _, event in given.applied} | {letter.event_id for letter in given.letters}
    for event in given.acknowledged:
        if event not in here:
            yield f"{event} was acknowledged and is neither done nor dead"
    buried = {(letter.partition, letter.offset) for letter in given.letters}
    for record in given.log:
        if not _is_event(record) and (record.partition, record.offset) not in buried:
            yield f"the poison at {record.partition}@{record.offset} has no dead letter"


def doubled(given: Evidence) -> Iterator[str]:
    """An effect that is there twice, or a seat told of twice."""
    for (key, event), count in Counter(given.applied).items():
        if count > 1:
            yield f"{event} had its effect on {key} {count} times"
    for (allocation, epoch), trainers in given.told.items():
        if len(trainers) > 1:
            yield f"allocation {allocation}, epoch {epoch}, was told {len(trainers)} times: {', '.join(trainers)}"


def run_after_done(given: Evidence) -> Iterator[str]:
    """A claim granted to somebody who asked for it after the event was marked done or dead."""
    marked = _first(given, lambda note: note.what in ("finished", "dead"))
    for note in given.notes:
        if note.what == "claimed" and note.facts["asked"] > marked.get(note.id, float("inf")):
            yield f"{note.id} was granted to {note.process} after it was done"


def out_of_order(given: Evidence) -> Iterator[str]:
    """Of two events of one key the later one of the log was completed, or had its effect, first."""
    completed = _first(given, lambda note: note.what in SETTLED)
    for key, events in _by_key(given).items():
        known = [event for event in events if event in completed]
        for before, after in pairwise(known):
            if completed[after] < completed[before]:
                yield f"key {key!r}: {after} was completed before {before}"
    if given.ordered:
        yield from _effects_out_of_order(given)


def _effects_out_of_order(given: Evidence) -> Iterator[str]:
    """But of one that was given up after kills: its last owner may have been suspended, and act long after the letter."""
    dead = {letter.event_id for letter in given.letters if letter.reason == CRASH_LOOP}
    place = {event: index for events in _by_key(given).values() for index, event in enumerate(events)}
    effects: defaultdict[str, list[str]] = defaultdict(list)
    for key, event in dict.fromkeys(given.applied):
        effects[key].append(event)
    for key, events in effects.items():
        for before, after in pairwise([event for event in events if event in place and event not in dead]):
            if place[after] < place[before]:
                yield f"key {key!r}: the effect of {before} came before that of {after}"


def committed_too_far(given: Evidence) -> Iterator[str]:
    """A commit that passes a record which was not finished by then, or, at the end, one beyond the log."""
    passable = _passable_since(given)
    for note in given.notes:
        for partition, offset in note.facts["offsets"].items() if note.what == "commit" else ():
            offsets, since = passable.get(partition, ([], []))
            passed = bisect_left(offsets, offset)
            if passed and since[passed - 1] >= note.at:
                first = offsets[bisect_left(since, note.at)]
                yield f"{note.process} committed {partition}@{offset} before the record at {first} was done"
    for partition, offset in given.committed.items():
        if offset > given.ends.get(partition, 0):
            yield f"{partition}: committed {offset}, the log ends at {given.ends.get(partition, 0)}"


def _passable_since(given: Evidence) -> dict[str, tuple[list[int], list[float]]]:
    """Partition -> offsets, and since when everything up to each of them was done."""
    settled = _first(given, lambda note: note.what in SETTLED)
    found: defaultdict[str, tuple[list[int], list[float]]] = defaultdict(lambda: ([], []))
    for record in sorted(given.log, key=lambda one: (one.partition, one.offset)):
        offsets, since = found[record.partition]
        done_at = settled.get(record.id, float("inf")) if _is_event(record) else 0.0
        offsets.append(record.offset)
        since.append(max(done_at, since[-1] if since else 0.0))
    return found


def committed_by_a_stranger(given: Evidence) -> Iterator[str]:
    """A commit for a partition that the process had not been assigned, or had handed over."""
    owned: defaultdict[str, set[str]] = defaultdict(set)
    for note in sorted(given.notes, key=lambda one: one.at):
        if note.what == "assigned":
            owned[note.process] |= set(note.facts["partitions"])
        elif note.what == "revoked":
            owned[note.process] -= set(note.facts["partitions"])
        elif note.what == "commit" and (strange := set(note.facts["offsets"]) - owned[note.process]):
            yield f"{note.process} committed {sorted(strange)}, which it does not own"


def altered_letters(given: Evidence) -> Iterator[str]:
    """A dead letter whose key, value or headers are not those of the record it names."""
    originals = {(record.partition, record.offset): record for record in given.log}
    for letter in given.letters:
        original = originals.get((letter.partition, letter.offset))
        if original is None:
            yield f"the letter of {letter.event_id} names {letter.partition}@{letter.offset}, where nothing is"
        elif (letter.key, letter.value, letter.headers) != (original.key, original.value, original.headers):
            yield f"the letter of {letter.event_id} differs from {letter.partition}@{letter.offset}"


def second_letters(given: Evidence) -> Iterator[str]:
    """Two letters of one event with different identities."""
    named: defaultdict[str, set[str]] = defaultdict(set)
    for letter in given.letters:
        if fate_of(letter.event_id) is not Fate.POISON:
            named[letter.event_id].add(letter.letter_id)
    for event, identities in named.items():
        if len(identities) > 1:
            yield f"{event} has {len(identities)} letters"


def wrongly_dead(given: Evidence) -> Iterator[str]:
    """A dead letter of an event that can succeed, or an effect of one that cannot.

    One whose runs were cut off by kills as often as the runtime allows is given up rightly.
    """
    cut_off = abandoned(given)
    for letter in given.letters:
        if not fate_of(letter.event_id).dies and not (
            letter.reason == CRASH_LOOP and cut_off[letter.event_id] >= MAX_ABANDONED
        ):
            yield f"{letter.event_id} is dead: {letter.reason} after {letter.attempts} attempts"
    for key, event in given.applied:
        if fate_of(event).dies:
            yield f"{event} had an effect on {key}"


def abandoned(given: Evidence) -> Counter[str]:
    """Event -> claims before its last one that ended in nothing: neither done nor failed nor given back.

    The fence counts every claim that the store granted, also one whose answer nobody lived to note. What an owner that
    was suspended past its lease wrote after the next claim changed nothing: its run was cut off too.
    """
    granted = {(note.id, note.facts["fence"]): note.at for note in given.notes if note.what == "claimed"}
    last: Counter[str] = Counter()
    for event, fence in granted:
        last[event] = max(last[event], fence)
    ended = {
        (note.id, note.facts["fence"])
        for note in given.notes
        if note.what in ENDED
        and note.at - NOTED_WITHIN_S <= granted.get((note.id, note.facts["fence"] + 1), float("inf"))
    }
    return Counter(
        {event: sum((event, fence) not in ended for fence in range(1, highest)) for event, highest in last.items()}
    )


def over_capacity(given: Evidence) -> Iterator[str]:
    """As the audit says."""
    return (line for line in given.broken_promises if "over capacity" in line)


def leaked_seats(given: Evidence) -> Iterator[str]:
    """As the audit says."""
    return (line for line in given.broken_promises if "is nobody's" in line)


def waiting_beside_a_seat(given: Evidence) -> Iterator[str]:
    """As the audit says: paid, waiting, and a seat that fits is free."""
    return (line for line in given.broken_promises if "waits although" in line)


def other_promises(given: Evidence) -> Iterator[str]:
    """Whatever else the audit says."""
    known = {*over_capacity(given), *leaked_seats(given), *waiting_beside_a_seat(given)}
    return (line for line in given.broken_promises if line not in known)


def unfinished(given: Evidence) -> Iterator[str]:
    """At rest the group has not come to the end of the log."""
    for partition, end in given.ends.items():
        if end and given.committed.get(partition, 0) != end:
            yield f"{partition}: committed {given.committed.get(partition, 0)} of {end}"


def still_claimed(given: Evidence) -> Iterator[str]:
    """With nobody at work, something is still somebody's, or waits for another attempt: nobody finished it."""
    return iter(given.unsettled)


def restless(given: Evidence) -> Iterator[str]:
    """Nobody was killed any more, and it did not come to its end."""
    return iter([given.restless] if given.restless else [])


def unclean(given: Evidence) -> Iterator[str]:
    """Processes that ended on their own, or did not end well when told to."""
    return iter(given.unclean)


CHARGES: Mapping[str, Callable[[Evidence], Iterator[str]]] = {
    "lost": lost,
    "double effects": doubled,
    "runs granted after done": run_after_done,
    "order violations": out_of_order,
    "commits past unfinished work": committed_too_far,
    "commits of others' partitions": committed_by_a_stranger,
    "attempts beyond 5": attempted_too_often,
    "attempts forgotten": forgotten_attempts,
    "attempts without a failure": groundless_attempts,
    "dead letters altered": altered_letters,
    "second dead letters": second_letters,
    "wrongly dead or alive": wrongly_dead,
    "over capacity": over_capacity,
    "seats leaked": leaked_seats,
    "paid waiters beside a free seat": waiting_beside_a_seat,
    "students overtaken": lambda given: overtaken(given.stays),
    "other broken promises": other_promises,
    "claims held at rest": still_claimed,
    "partitions not at their end": unfinished,
    "not at rest in time": restless,
    "workers that ended badly": unclean,
}
"""What may be found -> how; each finding is one line. Every one must be empty."""


def findings(given: Evidence) -> dict[str, list[str]]:
    """Of every charge, what speaks for it."""
    return {charge: list(look(given)) for charge, look in CHARGES.items()}


def _first(given: Evidence, wanted: Callable[[Note], bool]) -> dict[str, float]:
    """Event -> the earliest moment of such a note."""
    found: dict[str, float] = {}
    for note in given.notes:
        if wanted(note) and note.at < found.get(note.id, float("inf")):
            found[note.id] = note.at
    return found


def _by_key(given: Evidence) -> dict[bytes, list[str]]:
    """Key -> its events in the order of the log, each where it came first."""
    found: defaultdict[bytes, dict[str, None]] = defaultdict(dict)
    for record in sorted(given.log, key=lambda one: (one.partition, one.offset)):
        if _is_event(record):
            found[record.key].setdefault(record.id)
    return {key: list(events) for key, events in found.items()}


def _is_event(record: Logged) -> bool:
    return fate_of(record.id) is not Fate.POISON
