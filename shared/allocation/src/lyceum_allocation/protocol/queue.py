"""The waitlist: who is served next, also when many processes drain one queue.

A drain counts the free seats, reads the queue, and serves whoever began to wait first and fits a seat that is free. It
holds a lease on whom it serves. Whoever another drain serves is passed, and a seat that he could take is left for him;
if none is left then for somebody further back, this drain leaves a note on that lease and ends: the other one looks
again when it is done.
"""

from collections.abc import Callable, Iterator

from lyceum_allocation.protocol.seats import Seats, less, more
from lyceum_allocation.protocol.world import (
    ASSIGNED,
    FREE,
    MOVING,
    OVER,
    Alloc,
    Fault,
    Held,
    Key,
    Pass,
    Process,
    Waiter,
    World,
    at_work,
    done,
    verdict,
)

NOBODY = -1
Worlds = Iterator[World]


class QueueSteps:
    """The steps of a drain."""

    def __init__(self, seats: Seats, fault: Fault | None) -> None:
        self._seats = seats
        self._fault = fault
        self.by_name: dict[str, Callable[[World, int, Process], Worlds]] = {
            "count": self._count,
            "queue": self._queue,
            "recount": self._recount,
            "lease": self._lease,
            "look for one claimed": self._look,
            "claim in turn": self._claim,
            "confirm in turn": self._confirm,
            "undo": self._undo,
            "undo old": self._undo_old,
            "unlease": self._unlease,
            "leave a note": self._leave_a_note,
            "drop own": self._drop_own,
        }

    def _count(self, world: World, index: int, process: Process) -> Worlds:
        drain = process.drain
        counted = drain._replace(free=self._seats.free(world), reserved=self._seats.none(), line=(), passed=None)
        drain = counted._replace(owes=drain.owes or drain.again, again=False)
        yield at_work(world, index, "queue", drain) if any(drain.free) else self._end(world, index, drain)

    def _queue(self, world: World, index: int, process: Process) -> Worlds:
        waiting = (Waiter(number, alloc) for number, alloc in enumerate(world.allocs) if alloc.waits)
        drain = process.drain._replace(line=tuple(sorted(waiting, key=lambda waiter: waiter.read.since)))
        others = any(_is_served_elsewhere(waiter, index) for waiter in drain.line)
        if others and self._fault is not Fault.COUNTS_TOO_EARLY:
            yield at_work(world, index, "recount", drain)
        else:
            yield self._walk(world, index, drain)

    def _recount(self, world: World, index: int, process: Process) -> Worlds:
        yield self._walk(world, index, process.drain._replace(free=self._seats.free(world)))

    def _walk(self, world: World, index: int, drain: Pass) -> World:
        """Go on to the next one who can be served; nothing is read or written here."""
        while drain.line:
            waiter = drain.line[0]
            left = self._seats.able(waiter, drain.free)
            if _is_served_elsewhere(waiter, index):
                drain = drain._replace(passed=waiter)
                if left and self._fault is not Fault.RESERVES_NOTHING:
                    drain = self._reserve(drain, waiter, left)
            elif left:
                at = "claim in turn" if waiter.alloc == drain.own and drain.is_fresh else "lease"
                return at_work(world, index, at, drain)
            if not left and self._seats.able(waiter, drain.reserved) and self._fault is not Fault.RESERVES_NOTHING:
                return self._stop(world, index, drain)
            drain = drain._replace(line=drain.line[1:])
        if drain.owes and any(drain.reserved):
            return self._stop(world, index, drain)
        return self._end(world, index, drain)

    def _stop(self, world: World, index: int, drain: Pass) -> World:
        at = "drop own" if self._fault is Fault.LEAVES_NO_NOTE else "leave a note"
        return at_work(world, index, at, drain)

    def _reserve(self, drain: Pass, waiter: Waiter, able: list[int]) -> Pass:
        if self._fault is Fault.RESERVES_ANY_SEAT:
            able = [trainer for trainer, free in enumerate(drain.free) if free]
            able.sort(key=lambda trainer: self._seats.fits(waiter.alloc, trainer))
        return drain._replace(free=less(drain.free, able[0]), reserved=more(drain.reserved, able[0]))

    def _end(self, world: World, index: int, drain: Pass) -> World:
        if drain.own >= 0:
            return at_work(world, index, "drop own", drain)
        if drain.again:
            return at_work(world, index, "count", drain)
        return at_work(world, index, "next student", Pass()) if _is_leave(world, index) else done(world, index)

    def _lease(self, world: World, index: int, process: Process) -> Worlds:
        waiter, drain = process.drain.line[0], process.drain
        if world.allocs[waiter.alloc] != waiter.read:
            yield at_work(world, index, "count", drain)
            return
        written = world.with_alloc(waiter.alloc, lease=index + 1)
        # Nobody claims without a lease: without one there is no seat to be found.
        at = "claim in turn" if waiter.read.lease == FREE else "look for one claimed"
        yield at_work(written, index, at, drain)

    def _look(self, world: World, index: int, process: Process) -> Worlds:
        waiter = process.drain.line[0]
        key = Key(waiter.alloc, waiter.read.epoch)
        holders = [trainer for trainer, held in enumerate(world.seats) if key in held]
        for trainer in holders:
            yield at_work(world, index, "confirm in turn", process.drain, trainer)
        if not holders:
            yield at_work(world, index, "claim in turn", process.drain)

    def _claim(self, world: World, index: int, process: Process) -> Worlds:
        """Take a seat that was counted and is still free; capacity is checked in the same write."""
        waiter, drain = process.drain.line[0], process.drain
        key = Key(waiter.alloc, waiter.read.epoch)
        free = self._seats.free(world)
        able = [t for t in self._seats.able(waiter, drain.free) if free[t] and key not in world.seats[t]]
        for trainer in able:
            claimed = world.with_seat(trainer, key)
            overtaken = world.overtaken or self._seats.overtakes(world, claimed, drain)
            left = drain._replace(free=less(drain.free, trainer))
            yield at_work(claimed._replace(overtaken=overtaken), index, "confirm in turn", left, trainer)
        if not able:
            # Each trainer was read again when his seat could not be claimed.
            known = tuple(min(counted, now) for counted, now in zip(drain.free, free, strict=True))
            again = drain.again or bool(self._seats.able(waiter, free))
            yield at_work(world, index, "unlease", drain._replace(free=known, again=again))

    def _confirm(self, world: World, index: int, process: Process) -> Worlds:
        (trainer,), drain = process.memory, process.drain
        waiter = drain.line[0]
        seen, epoch = world.allocs[waiter.alloc], waiter.read.epoch
        rest = drain._replace(line=drain.line[1:], own=_unless(waiter.alloc, drain.own))
        if not seen.waits or seen.epoch != epoch:
            kept = verdict(seen, trainer, epoch) == "keep"
            again = rest._replace(again=self._fault is not Fault.LOSER_LOOKS_NO_MORE)
            undo = at_work(world, index, "undo", again._replace(line=(waiter, *rest.line)), trainer)
            yield self._walk(world, index, again) if kept else undo
            return
        written = world.with_alloc(waiter.alloc, state=ASSIGNED, seat=Held(trainer, epoch), lease=FREE, awaited=False)
        rest = rest._replace(again=rest.again or seen.awaited or seen.lease != index + 1)
        if seen.seat is None:
            yield self._walk(written, index, rest)
        else:
            kept_until_now = (*seen.seat, waiter.alloc)
            yield at_work(written, index, "undo old", rest._replace(again=True), *kept_until_now)

    def _undo(self, world: World, index: int, process: Process) -> Worlds:
        (trainer,), drain = process.memory, process.drain
        waiter = drain.line[0]
        world = world.without_seat(trainer, Key(waiter.alloc, waiter.read.epoch))
        yield self._walk(world, index, drain._replace(line=drain.line[1:]))

    def _undo_old(self, world: World, index: int, process: Process) -> Worlds:
        trainer, epoch, alloc = process.memory
        yield self._walk(world.without_seat(trainer, Key(alloc, epoch)), index, process.drain)

    def _unlease(self, world: World, index: int, process: Process) -> Worlds:
        waiter, drain = process.drain.line[0], process.drain
        rest = drain._replace(line=drain.line[1:], own=_unless(waiter.alloc, drain.own))
        yield self._without_lease(world, index, waiter.alloc, rest, self._walk)

    def _drop_own(self, world: World, index: int, process: Process) -> Worlds:
        """Nobody free: wait from now on like everybody, or give the move up."""
        drain = process.drain._replace(own=NOBODY, line=())
        if process.drain.own < 0:
            yield self._end(world, index, drain)
            return
        yield self._without_lease(world, index, process.drain.own, drain, self._end)

    def _without_lease(
        self, world: World, index: int, alloc: int, drain: Pass, then: Callable[[World, int, Pass], World]
    ) -> World:
        seen = world.allocs[alloc]
        if not seen.waits or seen.lease not in (index + 1, OVER):
            return then(world, index, drain._replace(again=True))
        changes = {"lease": FREE, "awaited": False}
        written = world.with_alloc(alloc, **changes, **self._given_up(world, seen))
        return then(written, index, drain._replace(again=drain.again or seen.awaited))

    def _given_up(self, world: World, seen: Alloc) -> dict[str, str]:
        has_left = seen.seat is not None and seen.seat.trainer in world.gone
        if seen.state == MOVING and (not has_left or self._fault is Fault.GIVES_UP_FOR_WHO_LEFT):
            return {"state": ASSIGNED}
        return {}

    def _leave_a_note(self, world: World, index: int, process: Process) -> Worlds:
        """Who serves the one for whom this drain stops has to look again when he is done."""
        passed, drain = process.drain.passed, process.drain
        if passed is None:
            return
        seen = world.allocs[passed.alloc]
        if seen.waits and (seen.epoch, seen.lease) == (passed.read.epoch, passed.read.lease):
            yield self._end(world.with_alloc(passed.alloc, awaited=True), index, drain)
        else:
            yield at_work(world, index, "count", drain)


def _is_served_elsewhere(waiter: Waiter, index: int) -> bool:
    return waiter.read.lease not in (FREE, OVER, index + 1)


def _unless(alloc: int, own: int) -> int:
    return NOBODY if alloc == own else own


def _is_leave(world: World, index: int) -> bool:
    return world.processes[index].kind == "leave"
