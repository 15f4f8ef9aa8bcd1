"""From the input files to the records that go to Kafka, in order, each with the fate it must meet."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lyceum_devstack.check import Enrolment, Purchase, Refund, Skill
from lyceum_devstack.demo.faults import BrokenRecord, Faults

MAX_ATTEMPTS = 5
"""Failed runs after which an event is dead-lettered: the platform's own retry policy."""


@dataclass(frozen=True, slots=True)
class PurchaseLine:
    """One line of a purchases file."""

    event_id: str
    org_id: str
    type: str
    data: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One record to publish; `fact` is None for a record that is no event."""

    event_id: str | None
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    fact: Purchase | Refund | None
    doomed: str = ""
    failures: int = 0


def plan(lines: Sequence[PurchaseLine], faults: Faults) -> list[Outgoing]:
    """Lay out every record in publishing order: each broken one behind the event that it follows."""
    following: dict[str, list[BrokenRecord]] = {}
    for broken in faults.broken:
        following.setdefault(broken.after, []).append(broken)
    return [record for line in lines for record in _with_followers(line, faults, following)]


def acted_on(records: Sequence[Outgoing]) -> list[Purchase | Refund]:
    """List what reaches the worker's rules: nothing that is doomed, and of each event id its first delivery."""
    first: dict[str, Purchase | Refund] = {}
    for record in records:
        if record.event_id and record.fact and not record.doomed:
            first.setdefault(record.event_id, record.fact)
    return list(first.values())


def _with_followers(line: PurchaseLine, faults: Faults, following: dict[str, list[BrokenRecord]]) -> Iterator[Outgoing]:
    yield _event(line, faults.fails.get(line.event_id, 0))
    for broken in following.pop(line.event_id, []):
        yield _broken(broken)


def _event(line: PurchaseLine, failures: int) -> Outgoing:
    data = line.data
    return Outgoing(
        event_id=line.event_id,
        key=f"{data['student_id']}:{data['course_id']}".encode(),
        value=json.dumps(data, ensure_ascii=False).encode(),
        headers=_headers(line),
        fact=_fact(line),
        doomed="its handler always fails" if failures >= MAX_ATTEMPTS else "",
        failures=min(failures, MAX_ATTEMPTS),
    )


def _headers(line: PurchaseLine) -> tuple[tuple[str, bytes], ...]:
    """CloudEvents 1.0 in binary mode, written out by hand as any client in any language would."""
    happened_at = line.data.get("paid_at") or line.data.get("refunded_at")
    attributes = {
        "ce_specversion": "1.0",
        "ce_id": line.event_id,
        "ce_type": line.type,
        "ce_source": "/lyceum-demo",
        "ce_time": happened_at,
        "ce_orgid": line.org_id,
        "content-type": "application/json",
    }
    return tuple((name, str(text).encode()) for name, text in attributes.items())


def _fact(line: PurchaseLine) -> Purchase | Refund:
    data = line.data
    enrolment = Enrolment(line.org_id, data["student_id"], data["course_id"])
    if line.type == "PURCHASE_CREATED":
        return Purchase(data["purchase_id"], enrolment, Skill.of(line.org_id, data["subject"], data["language"]))
    return Refund(data["purchase_id"], enrolment, full=data["full"])


def _broken(record: BrokenRecord) -> Outgoing:
    # Its id, if it has one, proves nothing: the record is told by its place in the log.
    return Outgoing(None, record.key, record.value, record.headers, fact=None, doomed=record.because)
