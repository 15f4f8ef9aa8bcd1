"""Reads from the servers, as an outsider, what the judge needs."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from lyceum_allocation.audit import violations
from lyceum_contracts import ALLOCATIONS, PURCHASES
from lyceum_contracts.topics import TRAINER_ALLOCATED

from .evidence import Evidence, Letter, Logged, Stay
from .orders import Orders, World
from .runlog import Note
from .stage import Stage, allocation_database

READING_S = 30.0
LETTER = "x-dlq-"


class Outsider:
    """A Kafka client that is no worker.

    Args:
        bootstrap: Of the broker.
        group: Whose committed offsets it may ask for; it never joins.
    """

    def __init__(self, bootstrap: str, group: str) -> None:
        self._consumer = Consumer(
            {"bootstrap.servers": bootstrap, "group.id": group, "enable.auto.commit": False, "log_level": 0}
        )

    def close(self) -> None:
        """Disconnect."""
        self._consumer.close()

    def ends(self, topic: str) -> dict[str, int]:
        """Partition -> end of its log."""
        known = self._consumer.list_topics(topic, timeout=10).topics[topic].partitions
        found = {}
        for number in known:
            _, end = self._consumer.get_watermark_offsets(TopicPartition(topic, number), timeout=10)
            found[f"{topic}/{number}"] = int(end)
        return found

    def committed(self, topic: str) -> dict[str, int]:
        """Partition -> offset that the group would go on from."""
        wanted = [TopicPartition(topic, number) for number in range(len(self.ends(topic)))]
        found = self._consumer.committed(wanted, timeout=10)
        return {f"{topic}/{one.partition}": max(0, one.offset) for one in found}

    def read(self, topic: str) -> Iterator[Any]:
        """Every record that the topic holds now."""
        ends = self.ends(topic)
        left = sum(ends.values())
        self._consumer.assign([TopicPartition(topic, number, 0) for number in range(len(ends))])
        deadline = time.monotonic() + READING_S
        while left:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{left} records of {topic} were not delivered within {READING_S:.0f} s")
            for message in self._consumer.consume(1_000, timeout=0.2):
                if message.error() is None:
                    left -= 1
                    yield message
        self._consumer.unassign()


def topic_of(orders: Orders, world: World) -> str:
    """The topic that a world reads."""
    return orders.ledger_topic if world is World.LEDGER else f"{orders.name}.{PURCHASES.name}"


def group_of(orders: Orders, world: World) -> str:
    """The consumer group of a world."""
    return orders.ledger_group if world is World.LEDGER else orders.allocation_group


def inbox_of(stage: Stage, orders: Orders, world: World) -> Any:
    """The collection of a world's idempotency store."""
    return stage.outside[orders.name]["ledger_inbox" if world is World.LEDGER else "inbox"]


def gather(
    stage: Stage, orders: Orders, world: World, acknowledged: Mapping[str, int], notes: Sequence[Note]
) -> Evidence:
    """All of one world, with nobody at work."""
    topic, group = topic_of(orders, world), group_of(orders, world)
    outsider = Outsider(stage.bootstrap, group)
    try:
        log = [_logged(message) for message in outsider.read(topic)]
        letters = [_letter(message) for message in outsider.read(f"{topic}.{group}.dlq")]
        return Evidence(
            acknowledged=dict(acknowledged),
            log=log,
            letters=letters,
            notes=[note for note in notes if note.process.startswith(f"{world}-")],
            applied=_entries(stage, orders) if world is World.LEDGER else _rights(stage, orders, log, notes),
            ordered=world is World.LEDGER,
            told=_told(outsider, orders) if world is World.ALLOCATION else {},
            broken_promises=_audit(orders) if world is World.ALLOCATION else (),
            committed=outsider.committed(topic),
            ends=outsider.ends(topic),
            stays=_stays(stage, orders) if world is World.ALLOCATION else (),
            unsettled=_unsettled(stage, orders, world),
        )
    finally:
        outsider.close()


def _audit(orders: Orders) -> list[str]:
    with allocation_database(orders):
        return violations(at_rest=True)


def _unsettled(stage: Stage, orders: Orders, world: World) -> list[str]:
    """What the idempotency store holds that is neither done nor dead, and until when it is somebody's."""
    left = {"_id": {"$regex": f"^{group_of(orders, world)}:"}, "state": {"$nin": ["done", "dead"]}}
    now = datetime.now(UTC)
    return [
        f"{found['_id']} is {found['state']}{_held(found, now)}" for found in inbox_of(stage, orders, world).find(left)
    ]


def _held(found: Mapping[str, Any], now: datetime) -> str:
    until = found.get("lease_until")
    if not found.get("owner") or until is None:
        return ", and nobody's"
    return f", {found['owner']}'s until {(until - now).total_seconds():+.1f} s from the end"


def _stays(stage: Stage, orders: Orders) -> list[Stay]:
    """In the queue, of everybody who ever had a right to a seat."""
    found = [_stay(allocation) for allocation in stage.outside[orders.name].allocations.find()]
    return [stay for stay in found if stay is not None]


def _stay(allocation: Mapping[str, Any]) -> Stay | None:
    moments: dict[str, datetime] = {}
    for line in allocation["history"]:
        moments.setdefault(line["what"], line["at"])
    joined, seated = moments.get("granted"), moments.get("assigned")
    if joined is None:
        return None
    ends = [moment for moment in (seated, moments.get("revoked")) if moment is not None]
    return Stay(allocation["_id"], joined, moments.get("waitlisted"), seated, min(ends, default=None))


def _entries(stage: Stage, orders: Orders) -> list[tuple[str, str]]:
    accounts = stage.outside[orders.name].accounts.find()
    return [(account["_id"], entry["id"]) for account in accounts for entry in account["entries"]]


def _rights(stage: Stage, orders: Orders, log: Sequence[Logged], notes: Sequence[Note]) -> list[tuple[str, str]]:
    """A purchase is done when it is granted or revoked, a refund when it is revoked."""
    allocations = list(stage.outside[orders.name].allocations.find())
    revoked = {purchase for found in allocations for purchase in found.get("revoked", ())}
    granted = {purchase for found in allocations for purchase in found.get("grants", ())}
    done = {note.id for note in notes if note.what == "finished" or note.facts.get("state") == "done"}
    return [(event, event) for event in {record.id for record in log} if _has_its_right(event, granted, revoked, done)]


def _has_its_right(event: str, granted: set[str], revoked: set[str], done: set[str]) -> bool:
    kind, _, number = event.rpartition(".")[0].partition("-")
    purchase = f"p{number.partition('+')[0]}"
    if kind == "refunded":
        return purchase in revoked
    # A purchase that was refunded leaves nothing of its own, the refund alone leaves as much: the mark must do.
    return purchase in granted or (purchase in revoked and event in done)


def _told(outsider: Outsider, orders: Orders) -> dict[tuple[str, int], list[str]]:
    """(allocation, epoch) -> trainers told of; an event that was published twice counts once."""
    told: defaultdict[tuple[str, int], dict[str, str]] = defaultdict(dict)
    for message in outsider.read(f"{orders.name}.{ALLOCATIONS.name}"):
        headers = {name: value or b"" for name, value in message.headers() or ()}
        if headers["ce_type"].decode() == TRAINER_ALLOCATED:
            event = json.loads(message.value())
            told[event["allocation_id"], event["epoch"]][headers["ce_id"].decode()] = event["trainer_id"]
    return {place: list(trainers.values()) for place, trainers in told.items()}


def _logged(message: Any) -> Logged:
    headers = tuple(message.headers() or ())
    return Logged(
        partition=f"{message.topic()}/{message.partition()}",
        offset=message.offset(),
        id=dict(headers)["ce_id"].decode(),
        key=message.key() or b"",
        value=message.value() or b"",
        headers=headers,
    )


def _letter(message: Any) -> Letter:
    headers = dict(message.headers() or ())
    return Letter(
        letter_id=headers[f"{LETTER}id"].decode(),
        partition=f"{headers[f'{LETTER}topic'].decode()}/{int(headers[f'{LETTER}partition'])}",
        offset=int(headers[f"{LETTER}offset"]),
        event_id=headers["ce_id"].decode(),
        reason=headers[f"{LETTER}reason"].decode(),
        attempts=int(headers[f"{LETTER}attempts"]),
        key=message.key() or b"",
        value=message.value() or b"",
        headers=tuple(pair for pair in message.headers() or () if not pair[0].startswith(LETTER)),
    )
