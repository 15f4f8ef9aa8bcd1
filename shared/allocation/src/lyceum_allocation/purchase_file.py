"""Purchases and refunds in a JSON Lines file: read as a whole, and refused as a whole with every mistake named."""

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from lyceum_allocation.errors import FileRefused
from lyceum_allocation.text_file import Place, read_text
from lyceum_contracts import DEFAULT_ORG, PURCHASES, Envelope, Event, Record, derived_id, encode, parse_event
from lyceum_database import Clock, is_id, utc_now

_KEYS = frozenset({"type", "id", "org_id", "data"})
_EVENT_ID = re.compile(r"[\x21-\x7e]{1,128}")
SOURCE = "/lyceum"
MOST_BYTES = 1_000_000
"""Of a record; a broker that nobody configured otherwise takes 1,048,588 with what the protocol adds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseLine:
    """One event, as the file says it.

    A line without an id gets one that follows from its content: publishing the file again repeats the ids, so nothing
    happens twice; two equal lines are one event.
    """

    place: Place
    event_id: str
    org_id: str
    event: Event
    record: Record
    """The event as it is sent."""


def read_purchases(path: Path, *, clock: Clock = utc_now) -> tuple[PurchaseLine, ...]:
    """Read and check a whole file: ``{"type": ..., "id": optional, "org_id": optional, "data": {...}}`` per line.

    What is read can be sent: each event is written as its record here already.

    Raises:
        FileRefused: lists every mistake as ``file:line: what, and what to do``.
        OSError: the file cannot be read.
    """
    lines: list[PurchaseLine] = []
    problems: list[str] = []
    by_id: dict[str, PurchaseLine] = {}
    for number, text in enumerate(read_text(path).split("\n"), start=1):
        place = Place(path, number)
        try:
            if text.strip():
                line = _line(place, text, clock())
                _refuse_another_content(line, by_id.setdefault(line.event_id, line))
                lines.append(line)
        except ValueError as exc:
            problems.append(f"{place}: {str(exc).partition(chr(10))[0]}")
    if not lines and not problems:
        problems.append(f"{path}:1: holds no event: give one JSON object per line")
    if problems:
        raise FileRefused(problems)
    return tuple(lines)


def _line(place: Place, text: str, now: datetime) -> PurchaseLine:
    fields = _object(text)
    event_type, data = fields.get("type"), fields.get("data")
    if event_type not in PURCHASES.types:
        raise ValueError(f'"type" is {event_type!r}: give {" or ".join(PURCHASES.types)}')
    if not isinstance(data, dict):
        raise ValueError(f'"data" is no object: give the fields of {event_type}')  # noqa: TRY004 - a mistake in a file
    org_id = fields.get("org_id", DEFAULT_ORG)
    if not is_id(org_id):
        raise ValueError(f'"org_id" is {org_id!r}: give 1 to 64 letters, digits, - or _')
    event = parse_event(event_type, data)
    event_id = _event_id(fields, org_id, event)
    record = encode(event, Envelope(id=event_id, source=SOURCE, time=now, org_id=org_id))
    _refuse_too_large(record)
    return PurchaseLine(place=place, event_id=event_id, org_id=org_id, event=event, record=record)


def _refuse_another_content(line: PurchaseLine, first: PurchaseLine) -> None:
    # One id is one event: of two, the worker would act on the first and drop the second.
    if (line.event, line.org_id) != (first.event, first.org_id) or line.event.type != first.event.type:
        raise ValueError(f'"id" {line.event_id} is in line {first.place.line} already, with another content')


def _refuse_too_large(record: Record) -> None:
    size = len(record.key) + len(record.value) + sum(len(name) + len(value) for name, value in record.headers)
    if size > MOST_BYTES:
        raise ValueError(f"is an event of {size:,} bytes, the most is {MOST_BYTES:,}: shorten it")


def _object(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as exc:
        raise ValueError(f"is no JSON: {exc}") from exc
    except (ValueError, RecursionError) as exc:
        raise ValueError("is no JSON: it holds NaN, a number of thousands of digits or endless brackets") from exc
    if not isinstance(fields, dict):
        raise ValueError("is no JSON object")  # noqa: TRY004 - a mistake in a file
    if unknown := sorted(fields.keys() - _KEYS):
        raise ValueError(f"has unknown keys {', '.join(unknown)}: give type, data, and if you like id and org_id")
    return fields


def _no_constant(name: str) -> None:
    raise ValueError(name)


def _event_id(fields: dict[str, Any], org_id: str, event: Event) -> str:
    given = fields.get("id")
    if given is None:
        content = f"{org_id}\n{json.dumps(event.to_data(), sort_keys=True)}"
        return derived_id(hashlib.sha256(content.encode()).hexdigest(), 1, event.type)
    if not isinstance(given, str) or not _EVENT_ID.fullmatch(given):
        raise ValueError(f'"id" is {given!r}: give 1 to 128 visible ASCII characters, or leave it out')
    return given
