"""What is published: entries of a ledger, and a day of purchases and refunds; each event one to three times."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from lyceum_allocation.testing import purchase, refund
from lyceum_contracts import Envelope, Event, encode

from .fates import Fate, drawn, named
from .orders import DRAIN, ENTRY, ENTRY_ON_LOOP

SHUFFLED_OVER = 40
"""A copy of an event is published up to so many events later than its turn."""
LONG_PART = 0.01
"""Of the events, those whose runs take longer than a hand-over waits for them."""
REFUNDED_PART = 0.3
SEATED_PART = 0.6
"""Of the students who paid and were not paid back, those for whom there is a seat."""
TRAINERS = 10


@dataclass(frozen=True)
class Outgoing:
    """One record to be published; copies of one event are equal."""

    id: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


ACCOUNTS = 30


def ledger(count: int, chance: Random, *, longest_s: float) -> list[Outgoing]:
    """Entries in their accounts; the order of an account is that of the log, whatever order they are sent in."""
    entries = []
    for number in range(count):
        fate = drawn(chance)
        event_id = named(f"entry-{number}", fate, lingers_ms=_lingering(chance, longest_s))
        value = json.dumps({"number": number}).encode() if fate is not Fate.POISON else _poison(event_id)
        type_ = chance.choice((ENTRY, ENTRY, ENTRY_ON_LOOP))
        headers = (("ce_specversion", b"1.0"), ("ce_id", event_id.encode()), ("ce_type", type_.encode()))
        entries.append(Outgoing(event_id, f"account-{chance.randrange(ACCOUNTS)}".encode(), value, headers))
    return _repeated(entries, chance, SHUFFLED_OVER)


def day(students: int, chance: Random, *, longest_s: float) -> list[Outgoing]:
    """Purchases, and refunds of some of them, in no order at all: many a refund comes before its purchase."""
    events = [
        _outgoing(f"bought-{number}", purchase(f"p{number}", student=f"s{number}"), chance, longest_s)
        for number in range(students)
    ]
    events += [
        _outgoing(f"refunded-{number}", refund(f"p{number}", student=f"s{number}"), chance, longest_s)
        for number in range(students)
        if chance.random() < REFUNDED_PART
    ]
    chance.shuffle(events)
    return _repeated(events, chance, len(events))


def seats_each(students: int) -> int:
    """Seats per trainer, so that many who paid must wait."""
    return max(1, round(students * (1 - REFUNDED_PART) * SEATED_PART / TRAINERS))


def _outgoing(name: str, event: Event, chance: Random, longest_s: float) -> Outgoing:
    fate = drawn(chance)
    event_id = named(name, fate, lingers_ms=_lingering(chance, longest_s))
    record = encode(event, Envelope(id=event_id, source="/chaos", time=purchase("p", student="s").paid_at))
    value = record.value if fate is not Fate.POISON else _poison(event_id)
    headers = tuple((header, text or b"") for header, text in record.headers)
    return Outgoing(event_id, record.key, value, headers)


def _lingering(chance: Random, longest_s: float) -> int:
    """Milliseconds, more than a hand-over waits; 0 for nearly all."""
    return int(chance.uniform(1.5 * DRAIN.total_seconds(), longest_s) * 1_000) if chance.random() < LONG_PART else 0


def _poison(event_id: str) -> bytes:
    return b"\xff\xfe not JSON: " + event_id.encode()


def _repeated(events: list[Outgoing], chance: Random, spread: int) -> list[Outgoing]:
    def turns() -> Iterator[tuple[float, Outgoing]]:
        for turn, event in enumerate(events):
            for _ in range(chance.randint(1, 3)):
                yield turn + chance.uniform(0, spread), event

    return [event for _, event in sorted(turns(), key=lambda pair: pair[0])]
