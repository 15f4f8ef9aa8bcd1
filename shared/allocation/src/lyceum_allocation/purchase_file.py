"""Purchases and refunds in a JSON Lines file: read as a whole, and refused as a whole with every mistake named."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lyceum_allocation.errors import FileRefused
from lyceum_allocation.text_file import Place, read_text
from lyceum_contracts import DEFAULT_ORG, PURCHASES, Event, derived_id, parse_event
from lyceum_database import is_id

_KEYS = frozenset({"type", "id", "org_id", "data"})
_LONGEST_EVENT_ID = 128


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


def read_purchases(path: Path) -> tuple[PurchaseLine, ...]:
    """Read and check a whole file: ``{"type": ..., "id": optional, "org_id": optional, "data": {...}}`` per line.

    Raises:
        FileRefused: lists every mistake as ``file:line: what, and what to do``.
        OSError: the file cannot be read.
    """
    lines: list[PurchaseLine] = []
    problems: list[str] = []
    for number, text in enumerate(read_text(path).split("\n"), start=1):
        place = Place(path, number)
        try:
            if text.strip():
                lines.append(_line(place, text))
        except ValueError as exc:
            problems.append(f"{place}: {exc}")
    if not lines and not problems:
        problems.append(f"{path}:1: holds no event: give one JSON object per line")
    if problems:
        raise FileRefused(problems)
    return tuple(lines)


def _line(place: Place, text: str) -> PurchaseLine:
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
    return PurchaseLine(place=place, event_id=_event_id(fields, org_id, event), org_id=org_id, event=event)


def _object(text: str) -> dict[str, Any]:
    try:
        fields = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as exc:
        raise ValueError(f"is no JSON: {exc}") from exc
    if not isinstance(fields, dict):
        raise ValueError("is no JSON object")  # noqa: TRY004 - a mistake in a file
    if unknown := sorted(fields.keys() - _KEYS):
        raise ValueError(f"has unknown keys {', '.join(unknown)}: give type, data, and if you like id and org_id")
    return fields


def _event_id(fields: dict[str, Any], org_id: str, event: Event) -> str:
    given = fields.get("id")
    if given is None:
        content = json.dumps([org_id, event.to_data()], sort_keys=True, ensure_ascii=False).encode()
        return derived_id(hashlib.sha256(content).hexdigest(), 1, event.type)
    if not isinstance(given, str) or not 0 < len(given) <= _LONGEST_EVENT_ID or not given.isascii() or " " in given:
        raise ValueError(f'"id" is {given!r}: give 1 to {_LONGEST_EVENT_ID} characters without blanks, or leave it out')
    return given
