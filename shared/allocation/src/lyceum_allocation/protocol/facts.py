"""The facts that end in a drain: purchases, moves, leaves, and time that passes.

A purchase and a move write the lease of the process that handles them along with the fact.
"""

from collections.abc import Callable, Iterator

from lyceum_allocation.protocol.seats import Seats
from lyceum_allocation.protocol.world import (
    ASSIGNED,
    FREE,
    MOVING,
    OVER,
    PENDING,
    Fault,
    Pass,
    Process,
    Waiter,
    World,
    at_work,
    done,
)

Worlds = Iterator[World]
Step = Callable[[World, int, Process], Worlds]


class FactSteps:
    """What a message or an operator begins with."""

    def __init__(self, seats: Seats, fault: Fault | None) -> None:
        self._seats = seats
        self._fault = fault
        self.starts: dict[str, Step] = {
            "arrive": self._arrive,
            "serve": self._serve,
            "shift": self._shift,
            "leave": self._leave,
            "come back": self._come_back,
            "time": self._time,
        }
        self.by_name: dict[str, Step] = {"next student": self._next_student, "stay": self._stay}

    def _arrive(self, world: World, index: int, process: Process) -> Worlds:
        """A purchase is written down with a lease of its own; one that comes again takes the lease over."""
        seen, lease = world.allocs[process.alloc], index + 1
        grants = seen.grants | {process.purchase}
        if process.purchase in seen.revoked:
            yield done(world, index)
            return
        if seen.state in (ASSIGNED, MOVING):
            yield done(world.with_alloc(process.alloc, grants=grants), index)
            return
        if process.purchase in seen.grants:
            written = world.with_alloc(process.alloc, lease=lease)
            yield at_work(written, index, "count", Pass(own=process.alloc))
            return
        if seen.state == PENDING:
            yield at_work(world.with_alloc(process.alloc, grants=grants), index, "count", Pass())
            return
        written = world.with_alloc(
            process.alloc,
            state=PENDING,
            epoch=seen.epoch + 1,
            seat=None,
            grants=grants,
            since=_end_of_the_line(world),
            lease=lease,
            awaited=False,
        )
        yield at_work(written, index, *self._begin(written, process.alloc))

    def _serve(self, world: World, index: int, _: Process) -> Worlds:
        yield at_work(world, index, "count", Pass(owes=True))

    def _shift(self, world: World, index: int, process: Process) -> Worlds:
        """A move: the old seat is kept, the student stands at the end of the queue."""
        seen = world.allocs[process.alloc]
        if seen.state != ASSIGNED:
            yield at_work(world, index, "count", Pass(owes=True)) if seen.waits else done(world, index)
            return
        yield self._moving(world, index, process.alloc)

    def _leave(self, world: World, index: int, process: Process) -> Worlds:
        world = world._replace(gone=world.gone | {process.alloc})
        yield at_work(world.with_process(index, process._replace(purchase=0)), index, "next student", Pass())

    def _next_student(self, world: World, index: int, process: Process) -> Worlds:
        """Each student once, in order: `purchase` counts them."""
        for number in range(process.purchase, len(world.allocs)):
            alloc = world.allocs[number]
            if alloc.state == ASSIGNED and alloc.seat is not None and alloc.seat.trainer == process.alloc:
                further = world.with_process(index, process._replace(purchase=number + 1))
                yield self._moving(further, index, number)
                return
        yield done(world, index)

    def _come_back(self, world: World, index: int, process: Process) -> Worlds:
        world = world._replace(gone=world.gone - {process.alloc})
        at = "count" if self._fault is Fault.COMES_BACK_ALONE else "stay"
        yield at_work(world, index, at, Pass(owes=True))

    def _stay(self, world: World, index: int, process: Process) -> Worlds:
        """Students who wait to leave him stay with him after all, one after the other."""
        for number, alloc in enumerate(world.allocs):
            if alloc.state == MOVING and alloc.seat is not None and alloc.seat.trainer == process.alloc:
                yield world.with_alloc(number, state=ASSIGNED, lease=FREE)
                return
        yield at_work(world, index, "count", Pass(owes=True))

    def _time(self, world: World, index: int, _: Process) -> Worlds:
        """A lease runs out, whatever its holder is doing."""
        yield done(world, index)
        for number, alloc in enumerate(world.allocs):
            if alloc.lease not in (FREE, OVER):
                yield done(world.with_alloc(number, lease=OVER), index)

    def _moving(self, world: World, index: int, alloc: int) -> World:
        changes = {"state": MOVING, "epoch": world.allocs[alloc].epoch + 1, "since": _end_of_the_line(world)}
        written = world.with_alloc(alloc, **changes, lease=index + 1, awaited=False)
        return at_work(written, index, *self._begin(written, alloc))

    def _begin(self, world: World, own: int) -> tuple[str, Pass]:
        drain = Pass(own=own, is_fresh=True)
        if self._fault is Fault.CLAIMS_FOR_ITSELF:
            mine = (Waiter(own, world.allocs[own]),)
            return "claim in turn", drain._replace(free=self._seats.free(world), reserved=self._seats.none(), line=mine)
        return "count", drain


def _end_of_the_line(world: World) -> int:
    return 1 + max(alloc.since for alloc in world.allocs)
