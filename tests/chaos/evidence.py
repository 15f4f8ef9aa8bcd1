"""All that the judge is given of one world, in plain data: nothing here needs a server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from .runlog import Note

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Logged:
    """One record of the topic, as an outsider read it at the end."""

    partition: str
    """`<topic>/<number>`."""
    offset: int
    id: str
    key: bytes
    value: bytes
    headers: Headers


@dataclass(frozen=True, slots=True)
class Letter:
    """One record of the dead-letter topic."""

    letter_id: str
    partition: str
    """Where its original was read."""
    offset: int
    event_id: str
    reason: str
    attempts: int
    key: bytes
    value: bytes
    headers: Headers
    """Without those that dead letters are given."""


@dataclass(frozen=True, slots=True)
class Stay:
    """One student in the queue for a seat; moments are of the database's documents.

    Attributes:
        allocation: Whose.
        joined: When his purchase was written down.
        told_to_wait: When he was told that nobody is free; he was in the queue before. None if he never was.
        seated: When he was told of a trainer.
        left: When he had a trainer, or his money back; None if he waits to this day.
    """

    allocation: str
    joined: datetime
    told_to_wait: datetime | None
    seated: datetime | None
    left: datetime | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """Of one world.

    Attributes:
        acknowledged: Event -> copies that the broker acknowledged.
        log: In order per partition.
        letters: As they lie in the dead-letter topic; one may lie there twice.
        notes: Of all its processes.
        applied: (key, event) of each effect found in the database, in the order of that key where it has one.
        ordered: Whether `applied` has an order.
        told: (allocation, epoch) -> trainers that the world was told of.
        broken_promises: What the allocation library's own audit says of the data at rest.
        committed: Partition -> offset that the group would go on from.
        ends: Partition -> end of the log.
        unclean: Processes that ended or stopped badly.
        stopped: Processes that ended well when told to stop amid the faults.
        stays: In the queues for seats.
        unsettled: What the idempotency store holds with nobody at work, neither done nor dead; one line each.
        restless: What did not come to rest in time; empty when everything did.
    """

    acknowledged: Mapping[str, int] = field(default_factory=dict)
    log: Sequence[Logged] = ()
    letters: Sequence[Letter] = ()
    notes: Sequence[Note] = ()
    applied: Sequence[tuple[str, str]] = ()
    ordered: bool = False
    told: Mapping[tuple[str, int], Sequence[str]] = field(default_factory=dict)
    broken_promises: Sequence[str] = ()
    committed: Mapping[str, int] = field(default_factory=dict)
    ends: Mapping[str, int] = field(default_factory=dict)
    unclean: Sequence[str] = ()
    stopped: frozenset[str] = frozenset()
    stays: Sequence[Stay] = ()
    unsettled: Sequence[str] = ()
    restless: str = ""
