"""What is in the database and in the log when nobody is at work any more."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Consumer, Message

from lyceum_contracts import ALLOCATIONS, PURCHASES, TOPICS, Topic
from lyceum_devstack.demo.kafka import Offsets, end_of, read_all

from .site import Site

REST_WITHIN_S = 60.0
LOOK_EVERY_S = 0.3

LISTENERS = ((PURCHASES, "allocation_worker"), (ALLOCATIONS, "course_service"), (ALLOCATIONS, "chat_service"))
"""Which program reads what."""

DUE = (
    ("users", "outbox_due"),
    ("sessions", "outbox_due"),
    ("courses", "outbox_due"),
    ("webhook_events", "due"),
    ("purchases", "settle_due"),
    ("purchases", "outbox_due"),
    ("allocations", "outbox_due"),
    ("conversations", "notices_due"),
    ("chat_messages", "events_due"),
    ("conversations", "outbox_due"),
)
"""Collections, and the field that a document has while something about it is still to be done."""

Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Attributes:
    documents: of each collection, as they are stored.
    records: of each topic, each partition in order; dead letters under their topic's own name.
    committed: (topic, program) -> partition -> first offset that is not completed.
    """

    documents: Mapping[str, list[Document]]
    records: Mapping[str, list[Message]]
    committed: Mapping[tuple[str, str], Mapping[int, int]]


COLLECTIONS = (
    "purchases",
    "enrolments",
    "webhook_events",
    "allocations",
    "trainer_capacity",
    "inbox",
    "conversations",
    "chat_messages",
)


def until_at_rest(site: Site) -> None:
    """Return when everything that was written down to be done is done, and every record read.

    Raises:
        AssertionError: that is not so after a minute; names what is left.
    """
    ends, left = time.monotonic() + REST_WITHIN_S, ["never looked"]
    while left:
        assert time.monotonic() < ends, f"not at rest after {REST_WITHIN_S:.0f} s: {'; '.join(left)}"
        time.sleep(LOOK_EVERY_S)
        left = list(unfinished(site))


def unfinished(site: Site) -> Iterator[str]:
    """Name what is still to be done, in the order in which the one follows from the other."""
    with site.documents() as database:
        yield from _due(database)
        for topic, program in LISTENERS:
            behind = sum(_behind(site, topic, program).values())
            if behind:
                yield f"{program} has {behind} records of {topic.name} before it"
        yield from _due(database)
        leased = database["allocations"].count_documents({"claiming_until": {"$gt": datetime.now(UTC)}})
        if leased:
            yield f"{leased} allocations are being worked at"


def gathered(site: Site) -> Evidence:
    """Read everything."""
    with site.documents() as database:
        documents = {name: list(database[name].find()) for name in COLLECTIONS}
    dead = {
        f"{topic.name}.{program}": f"{_name(site, topic)}.{site.group(program)}.dlq" for topic, program in LISTENERS
    }
    written = {topic.name: _name(site, topic) for topic in TOPICS}
    records = {name: list(read_all(site.bootstrap, where, PURCHASES.partitions)) for name, where in written.items()}
    for name, where in dead.items():
        records[f"{name}.dlq"] = list(read_all(site.bootstrap, where, _partitions(site, where)))
    committed = {(topic.name, program): _committed(site, topic, program) for topic, program in LISTENERS}
    return Evidence(documents, records, committed)


def _due(database: Any) -> Iterator[str]:
    for collection, field in DUE:
        if count := database[collection].count_documents({field: {"$exists": True}}):
            yield f"{count} {collection} have a field {field}"


def _behind(site: Site, topic: Topic, program: str) -> dict[int, int]:
    """Partition -> records that the program has not completed."""
    committed = _committed(site, topic, program)
    reader = Consumer({"bootstrap.servers": site.bootstrap, "group.id": "bystander", "log_level": 0})
    try:
        ends = {number: end_of(reader, _name(site, topic), number) for number in committed}
    finally:
        reader.close()
    return {number: ends[number] - offset for number, offset in committed.items()}


def _committed(site: Site, topic: Topic, program: str) -> dict[int, int]:
    offsets = Offsets(site.bootstrap, site.group(program), _name(site, topic))
    try:
        return offsets.committed(topic.partitions)
    finally:
        offsets.close()


def _partitions(site: Site, topic: str) -> int:
    reader = Consumer({"bootstrap.servers": site.bootstrap, "group.id": "bystander", "log_level": 0})
    try:
        return len(reader.list_topics(topic, timeout=10).topics[topic].partitions)
    finally:
        reader.close()


def _name(site: Site, topic: Topic) -> str:
    return site.prefix + topic.name
