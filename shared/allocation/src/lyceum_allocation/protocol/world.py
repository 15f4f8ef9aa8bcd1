"""What the model's processes share: allocations and seats, each a document that one step reads or writes."""

from enum import Enum
from typing import Any, NamedTuple

NONE, PENDING, ASSIGNED, MOVING, CANCELLED = "NONE", "PENDING", "ASSIGNED", "MOVING", "CANCELLED"


class Fault(Enum):
    """A way to build the protocol wrong; the model has to catch each."""

    COUNT_THEN_ASSIGN = "capacity is counted in one step and taken in another"
    NO_EPOCH = "a seat is named by its allocation only"
    NO_TOMBSTONE = "a refund that comes before its purchase is forgotten"
    NO_RECHECK = "a seat is given back without reading the allocation again"
    BREAK_BEFORE_MAKE = "a move gives the old seat back before it has a new one"
    EPOCH_NOT_BUMPED = "a move seeks its seat at the old epoch"
    NO_RECONCILER = "nobody looks at seats whose allocation nobody handles any more"
    JUDGES_THE_UNREAD = "a seat of a later epoch is judged by what was read before there was that epoch"


class Held(NamedTuple):
    """The seat that an allocation names."""

    trainer: int
    epoch: int


class Alloc(NamedTuple):
    """An allocation document."""

    state: str = NONE
    epoch: int = 0
    seat: Held | None = None
    grants: frozenset[int] = frozenset()
    revoked: frozenset[int] = frozenset()


class Key(NamedTuple):
    """What a seat is named by."""

    alloc: int
    epoch: int


class Process(NamedTuple):
    """A message being handled, or a timer's run.

    Attributes:
        at: its next step.
        memory: what it has read, for that step.
        seen: the allocation as it wrote it, by which it judges seats however much later; None reads it for each seat.
        found: seats (trainer, epoch) that it found and has yet to judge.
        seeks_after: whether it looks for a seat once those are judged.
    """

    kind: str
    purchase: int
    alloc: int
    at: str = "start"
    memory: tuple[int, ...] = ()
    seen: Alloc | None = None
    found: tuple[tuple[int, int], ...] = ()
    seeks_after: bool = False

    @property
    def is_done(self) -> bool:
        """Nothing left to do."""
        return self.at == "done"

    def restarted(self) -> "Process":
        """The same message or timer, from the beginning."""
        return self._replace(at="start", memory=(), seen=None, found=(), seeks_after=False)


class World(NamedTuple):
    """Everything there is at one moment."""

    allocs: tuple[Alloc, ...]
    seats: tuple[frozenset[Key], ...]
    processes: tuple[Process, ...]
    crashes: int

    def with_alloc(self, index: int, **changes: Any) -> "World":
        """The world after one write to an allocation."""
        allocs = list(self.allocs)
        allocs[index] = allocs[index]._replace(**changes)
        return self._replace(allocs=tuple(allocs))

    def with_seat(self, trainer: int, key: Key) -> "World":
        """The world after a seat was taken."""
        return self._with_seats(trainer, self.seats[trainer] | {key})

    def without_seat(self, trainer: int, key: Key) -> "World":
        """The world after a seat was given back; one that is gone stays gone."""
        return self._with_seats(trainer, self.seats[trainer] - {key})

    def _with_seats(self, trainer: int, held: frozenset[Key]) -> "World":
        seats = list(self.seats)
        seats[trainer] = held
        return self._replace(seats=tuple(seats))

    def with_process(self, index: int, process: Process) -> "World":
        """The world after a process went on."""
        processes = list(self.processes)
        processes[index] = process
        return self._replace(processes=tuple(processes))


def verdict(alloc: Alloc, trainer: int, epoch: int) -> str:
    """Tell of a seat by a read of its allocation that may be old.

    It is the allocation's (`keep`), may become it (`help`), is dead for ever (`dead`), or is of an epoch that began
    after the read (`unread`), of which nothing can be told.
    """
    if alloc.state in (ASSIGNED, MOVING) and alloc.seat == Held(trainer, epoch):
        return "keep"
    if alloc.state in (PENDING, MOVING) and alloc.epoch == epoch:
        return "help"
    return "unread" if epoch > alloc.epoch else "dead"
