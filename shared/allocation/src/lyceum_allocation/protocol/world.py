"""What the model's processes share: allocations and seats, each a document that one step reads or writes."""

from enum import Enum
from typing import Any, NamedTuple

NONE, PENDING, ASSIGNED, MOVING, CANCELLED = "NONE", "PENDING", "ASSIGNED", "MOVING", "CANCELLED"

FREE, OVER, OF_THE_DEAD = 0, -1, -2
"""Leases that nobody living holds: none; one that ran out; one that runs though its holder died."""


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
    PARTIAL_DROPS_THE_GRANT = "a partial refund takes the grant"
    PARTIAL_LEAVES_A_TOMBSTONE = "a partial refund is remembered as a full one"
    CLAIMS_FOR_ITSELF = "a new purchase or a move claims a seat although others wait"
    RESERVES_NOTHING = "a drain passes whoever another one serves, however few seats there are"
    COUNTS_TOO_EARLY = "seats are counted before it is known whom others serve"
    RESERVES_ANY_SEAT = "a seat is left for whoever another drain serves, but none that he could take"
    LEAVES_NO_NOTE = "a drain stops for another one, which never hears of it"
    LOSER_LOOKS_NO_MORE = "a drain gives a seat back and looks no more"
    GIVES_UP_FOR_WHO_LEFT = "a move that finds nobody goes back to a trainer who left for good"
    COMES_BACK_ALONE = "who comes back leaves his waiting students on the waitlist"


class Held(NamedTuple):
    """The seat that an allocation names."""

    trainer: int
    epoch: int


class Alloc(NamedTuple):
    """An allocation document.

    Attributes:
        since: its place in the queue, by when it began to wait.
        lease: the process that serves it (its number from 1 on), or FREE, OVER or OF_THE_DEAD.
        awaited: somebody stopped because of this lease; its holder has to look again.
    """

    state: str = NONE
    epoch: int = 0
    seat: Held | None = None
    grants: frozenset[int] = frozenset()
    revoked: frozenset[int] = frozenset()
    since: int = 0
    lease: int = FREE
    awaited: bool = False

    @property
    def waits(self) -> bool:
        """Whether a seat is sought."""
        return self.state in (PENDING, MOVING)


class Key(NamedTuple):
    """What a seat is named by."""

    alloc: int
    epoch: int


class Waiter(NamedTuple):
    """Somebody in the queue, as he was read."""

    alloc: int
    read: Alloc


class Pass(NamedTuple):
    """A drain's way through the queue.

    Attributes:
        free: free seats of each trainer as last counted, less those reserved for whom others serve.
        reserved: how many of each trainer's are reserved.
        line: who is still to be looked at.
        passed: the last one of those whom others serve.
        own: an allocation of which this process has held the lease since it wrote it, or none (-1).
        is_fresh: nobody can have claimed a seat for it.
        owes: somebody relies on it: a seat came free, or a note said so.
        again: once more when this is done.
    """

    free: tuple[int, ...] = ()
    reserved: tuple[int, ...] = ()
    line: tuple[Waiter, ...] = ()
    passed: Waiter | None = None
    own: int = -1
    is_fresh: bool = False
    owes: bool = False
    again: bool = False


class Process(NamedTuple):
    """A message being handled, or a timer's run.

    Attributes:
        at: its next step.
        memory: what it has read, for that step.
        seen: the allocation as it wrote it, by which it judges seats however much later; None reads it for each seat.
        found: seats (trainer, epoch) that it found and has yet to judge.
        seeks_after: whether it looks for a seat once those are judged.
        drain: how far it is in the queue.
    """

    kind: str
    purchase: int
    alloc: int
    at: str = "start"
    memory: tuple[int, ...] = ()
    seen: Alloc | None = None
    found: tuple[tuple[int, int], ...] = ()
    seeks_after: bool = False
    drain: Pass = Pass()

    @property
    def is_done(self) -> bool:
        """Nothing left to do."""
        return self.at == "done"

    def restarted(self) -> "Process":
        """The same message or timer, from the beginning."""
        return self._replace(at="start", memory=(), seen=None, found=(), seeks_after=False, drain=Pass())


class World(NamedTuple):
    """Everything there is at one moment.

    Attributes:
        crashes: how often somebody may still die.
        gone: trainers who left for good.
        overtaken: somebody took a seat that another one needed who began to wait before him.
    """

    allocs: tuple[Alloc, ...]
    seats: tuple[frozenset[Key], ...]
    processes: tuple[Process, ...]
    crashes: int
    gone: frozenset[int] = frozenset()
    overtaken: bool = False

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

    def after_a_crash(self, index: int) -> "World":
        """The world in which a process died: its message comes again, its leases run on."""
        allocs = (alloc._replace(lease=OF_THE_DEAD) if alloc.lease == index + 1 else alloc for alloc in self.allocs)
        crashed = self._replace(allocs=tuple(allocs), crashes=self.crashes - 1)
        return crashed.with_process(index, self.processes[index].restarted())

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


def done(world: World, index: int) -> World:
    """The world after a process came to its end; what it remembers then tells no worlds apart."""
    return world.with_process(index, world.processes[index].restarted()._replace(at="done"))


def at_work(world: World, index: int, at: str, drain: Pass, *memory: int) -> World:
    """The world in which a process stands before a step of its drain."""
    return world.with_process(index, world.processes[index]._replace(at=at, memory=memory, drain=drain))
