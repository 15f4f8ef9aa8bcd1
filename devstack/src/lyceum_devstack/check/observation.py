"""What came out: documents, dead letters and events, as they were found."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from lyceum_devstack.check.facts import Enrolment, Skill


class Position(NamedTuple):
    """Where a record of the purchases topic lies in its log."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"partition {self.partition}, offset {self.offset}"


@dataclass(frozen=True, slots=True)
class Sent:
    """One record that was published, acknowledged at `position`.

    Attributes:
        event_id: Its event id; None when the record carries none that can be read.
        doomed: Why it must end among the dead letters; empty when it must not.
        failures: How often its handler must have been failed on purpose.
    """

    position: Position
    event_id: str | None
    key: bytes | None
    value: bytes | None
    doomed: str = ""
    failures: int = 0


@dataclass(frozen=True, slots=True)
class SeenAllocation:
    """One allocation document. `seat_of` names the trainer whose seat it claims to hold."""

    allocation_id: str
    enrolment: Enrolment
    skill: Skill
    state: str
    seat_of: str | None
    epoch: int


@dataclass(frozen=True, slots=True)
class SeenTrainer:
    """One capacity document; `seats` names each occupant as (allocation id, epoch)."""

    trainer_id: str
    capacity: int
    load: int
    free: int
    seats: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Letter:
    """One record of the dead-letter topic, and where its original lies."""

    position: Position
    reason: str
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Notice:
    """One event of the allocations topic."""

    event_id: str
    type: str
    allocation_id: str
    trainer_id: str | None


@dataclass(frozen=True, slots=True)
class Observation:
    """Everything found after the worker came to rest.

    Attributes:
        done: Ids of events that the worker's own records call done.
        committed: Partition -> the first offset that the consumer group has not completed.
        failed: Event id -> how often its handler was failed on purpose.
        redefined: Counters of the model guard that moved after the worker had started.
    """

    allocations: tuple[SeenAllocation, ...]
    trainers: tuple[SeenTrainer, ...]
    letters: tuple[Letter, ...]
    notices: tuple[Notice, ...]
    done: frozenset[str]
    committed: Mapping[int, int]
    failed: Mapping[str, int]
    redefined: Mapping[str, int]
