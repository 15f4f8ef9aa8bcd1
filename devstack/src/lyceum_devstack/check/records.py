"""What became of the records that were published."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from lyceum_devstack.check.case import Case
from lyceum_devstack.check.observation import Observation, Position, Sent


def lost_or_doubled(case: Case) -> Iterator[str]:
    """Name each record that is still open, or ended in another way than it must."""
    sent, seen = case.sent, case.seen
    for record in sent:
        if seen.committed.get(record.position.partition, 0) <= record.position.offset:
            yield f"{_name(record)} was never completed"
    yield from _wrong_letters(sent, seen)
    for event_id in sorted({record.event_id for record in sent if record.event_id and not record.doomed} - seen.done):
        yield f"event {event_id} is not recorded as done"


def _wrong_letters(sent: Sequence[Sent], seen: Observation) -> Iterator[str]:
    letters = Counter(letter.position for letter in seen.letters)
    for copies in _by_event(sent):
        found = sum(letters.pop(record.position, 0) for record in copies)
        due = 1 if copies[0].doomed else 0
        if found != due:
            yield f"{_name(copies[0])} has {found} dead letters and should have {due}"
    for position, found in letters.items():
        yield f"{found} dead letters name {position}, where nothing was published"


def _by_event(sent: Sequence[Sent]) -> list[list[Sent]]:
    """Group the copies of one event: however often it is delivered, it dies once."""
    copies: dict[str | Position, list[Sent]] = defaultdict(list)
    for record in sent:
        copies[record.event_id or record.position].append(record)
    return list(copies.values())


def altered_letters(case: Case) -> Iterator[str]:
    """Name each dead letter whose bytes are not those of its original."""
    originals = {record.position: record for record in case.sent}
    for letter in case.seen.letters:
        original = originals.get(letter.position)
        if original and (letter.key, letter.value) != (original.key, original.value):
            yield f"the dead letter of {_name(original)} differs from it"


def miscounted_failures(case: Case) -> Iterator[str]:
    """Name each event whose handler was not failed exactly as often as planned: tried too seldom, or too often."""
    due = {record.event_id: record.failures for record in case.sent if record.event_id}
    for event_id in sorted(due.keys() | case.seen.failed.keys()):
        failed, planned = case.seen.failed.get(event_id, 0), due.get(event_id, 0)
        if failed != planned:
            yield f"the handler of event {event_id} failed {failed} times and should have failed {planned} times"


def _name(record: Sent) -> str:
    event = f"event {record.event_id}" if record.event_id else "the record"
    return f"{event} ({record.position})"
