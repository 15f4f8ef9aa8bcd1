"""Reads what the worker left behind: stored documents as they are, and the topics it wrote to.

Documents are read raw, past the models that wrote them, so that a mistake of a model shows.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from confluent_kafka import Message

from allocation_worker import storage
from lyceum_allocation import Allocation
from lyceum_database import translated_errors
from lyceum_devstack.check import Enrolment, Letter, Notice, Observation, Position, SeenAllocation, SeenTrainer, Skill
from lyceum_devstack.demo.kafka import Offsets, read_all
from lyceum_devstack.demo.stage import PARTITIONS, Stage

ALLOCATIONS, CAPACITIES = "allocations", "trainer_capacity"
"""Collections that the worker writes, beside its inbox."""

Document = Mapping[str, Any]


class Witness:
    """Looks at the stage's servers; changes nothing. The database must be connected before it looks."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._offsets = Offsets(stage.bootstrap, stage.group, stage.purchases)

    def states(self) -> Counter[str]:
        """Count allocations by state."""
        return Counter(document["state"] for document in _documents(ALLOCATIONS, {"state": 1}))

    def completed(self) -> int:
        """Count the records that the consumer group has moved past."""
        return sum(self._offsets.committed(PARTITIONS).values())

    def observe(self, *, failed: Mapping[str, int], redefined: Mapping[str, int]) -> Observation:
        """Read everything; `failed` and `redefined` are what the caller counted in its own process."""
        return Observation(
            allocations=tuple(allocation(document) for document in _documents(ALLOCATIONS)),
            trainers=tuple(trainer(document) for document in _documents(CAPACITIES)),
            letters=tuple(letter(message) for message in self._records(self._stage.dead_letters)),
            notices=tuple(notice(message) for message in self._records(self._stage.allocations)),
            done=done_ids(self._stage.group, _documents(storage.INBOX)),
            committed=self._offsets.committed(PARTITIONS),
            failed=failed,
            redefined=redefined,
        )

    def close(self) -> None:
        """Let go of the servers."""
        self._offsets.close()

    def _records(self, topic: str) -> Iterator[Message]:
        return read_all(self._stage.bootstrap, topic, PARTITIONS)


def database() -> Any:
    """The driver's handle of the connected database."""
    return Allocation._get_collection().database  # noqa: SLF001 - mongoengine's documented way to the driver


def _documents(collection: str, fields: Mapping[str, int] | None = None) -> Iterator[Document]:
    with translated_errors():
        yield from database()[collection].find({}, fields)


def allocation(document: Document) -> SeenAllocation:
    """Read one document of the collection `allocations`."""
    org_id = document["org_id"]
    subject, _, language = (document.get("skill") or "|").partition("|")
    assigned = document["state"] == "ASSIGNED"
    return SeenAllocation(
        allocation_id=document["_id"],
        enrolment=Enrolment(org_id, document["student_id"], document["course_id"]),
        skill=Skill(org_id, subject, language),
        state=document["state"],
        seat_of=document.get("trainer_id") if assigned else None,
        epoch=document.get("seat_epoch") or 0,
    )


def trainer(document: Document) -> SeenTrainer:
    """Read one document of the collection `trainer_capacity`."""
    return SeenTrainer(
        trainer_id=document["_id"],
        capacity=document["capacity"],
        load=document["load"],
        free=document["free"],
        seats=tuple(_occupant(seat["k"]) for seat in document.get("seats", ())),
    )


def _occupant(key: str) -> tuple[str, int]:
    allocation_id, _, epoch = key.rpartition(":")
    return allocation_id, int(epoch)


def done_ids(group: str, documents: Iterable[Document]) -> frozenset[str]:
    """Event ids that the worker's inbox calls done; a document's id is `<group>:<event id>`."""
    prefix = f"{group}:"
    return frozenset(document["_id"].removeprefix(prefix) for document in documents if document["state"] == "done")


def letter(message: Message) -> Letter:
    """Read one record of the dead-letter topic."""
    headers = _headers(message)
    position = Position(int(headers["x-dlq-partition"]), int(headers["x-dlq-offset"]))
    return Letter(position, headers["x-dlq-reason"], message.key(), message.value())


def notice(message: Message) -> Notice:
    """Read one record of the topic `allocations`."""
    headers, data = _headers(message), json.loads(message.value() or b"{}")
    return Notice(headers["ce_id"], headers["ce_type"], data["allocation_id"], data.get("trainer_id"))


def _headers(message: Message) -> dict[str, str]:
    headers = message.headers() or []
    pairs = headers.items() if isinstance(headers, dict) else headers
    return {name: _text(value) for name, value in pairs}


def _text(value: str | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""
