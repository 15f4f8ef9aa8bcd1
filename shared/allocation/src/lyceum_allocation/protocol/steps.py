"""The steps of the protocol. Each reads or writes one document and yields every world that may follow."""

from collections.abc import Callable, Iterator
from typing import Any

from lyceum_allocation.protocol.facts import FactSteps
from lyceum_allocation.protocol.queue import QueueSteps
from lyceum_allocation.protocol.seats import Seats, Town
from lyceum_allocation.protocol.world import (
    ASSIGNED,
    CANCELLED,
    FREE,
    MOVING,
    NONE,
    PENDING,
    Fault,
    Held,
    Key,
    Pass,
    Process,
    World,
    done,
    verdict,
)

Worlds = Iterator[World]
NOBODY = -1


class Steps:
    """All steps, in a given town, with one fault built in or none."""

    def __init__(self, town: Town, fault: Fault | None = None) -> None:
        self._capacities = town.capacities
        self._fault = fault
        seats = Seats(town)
        facts, queue = FactSteps(seats, fault), QueueSteps(seats, fault)
        self._by_name: dict[str, Callable[[World, int, Process], Worlds]] = {
            "look": self._look,
            "claim": self._claim,
            "take": self._take,
            "confirm": self._confirm,
            "recheck": self._recheck,
            "release": self._release,
            "release old": self._release_old,
            "give up": self._give_up,
            "find": self._find,
            "settle": self._settle,
            **facts.by_name,
            **queue.by_name,
        }
        self._starts: dict[str, Callable[[World, int, Process], Worlds]] = {
            "create": self._create,
            "sweep": self._sweep,
            "move": self._move,
            "refund": self._refund,
            "return": self._refund,
            "refund in part": self._refund_in_part,
            "reconcile": self._reconcile,
            **facts.starts,
        }

    def after(self, world: World, index: int) -> Worlds:
        """Yield every world that one step of this process may lead to."""
        process = world.processes[index]
        step = self._starts[process.kind] if process.at == "start" else self._by_name[process.at]
        yield from step(world, index, process)

    @property
    def fault(self) -> Fault | None:
        """What is built wrong here."""
        return self._fault

    @property
    def seats_have_epochs(self) -> bool:
        """Without epochs nobody can tell afterwards whose seat is whose, so nothing is settled at rest."""
        return self._fault is not Fault.NO_EPOCH

    @property
    def are_reconciled(self) -> bool:
        """Whether somebody judges every seat in the end."""
        return self._fault is not Fault.NO_RECONCILER

    def key(self, alloc: int, epoch: int) -> Key:
        """Name a seat."""
        return Key(alloc, 0 if self._fault is Fault.NO_EPOCH else epoch)

    def _create(self, world: World, index: int, process: Process) -> Worlds:
        seen = world.allocs[process.alloc]
        if process.purchase in seen.revoked:
            yield _go(world, index, "done")
            return
        changes: dict[str, Any] = {"grants": seen.grants | {process.purchase}}
        epoch = seen.epoch
        if seen.state in (NONE, CANCELLED):
            epoch += 1
            changes |= {"state": PENDING, "epoch": epoch, "seat": None}
        written = world.with_alloc(process.alloc, **changes)
        if process.purchase in seen.grants or epoch > 1:
            yield self._to_settle(written, index, seeks_after=True)
        elif seen.state in (ASSIGNED, MOVING):
            yield _go(written, index, "done")
        else:
            yield _go(written, index, "look", epoch, NOBODY)

    def _sweep(self, world: World, index: int, process: Process) -> Worlds:
        seen = world.allocs[process.alloc]
        yield _go(world, index, "look", seen.epoch, NOBODY) if seen.state == PENDING else _go(world, index, "done")

    def _move(self, world: World, index: int, process: Process) -> Worlds:
        seen = world.allocs[process.alloc]
        if seen.seat is None or seen.state not in (ASSIGNED, MOVING):
            yield _go(world, index, "done")
            return
        if seen.state == MOVING:
            yield _go(world, index, "look", seen.epoch, seen.seat.trainer)
            return
        epoch = seen.epoch + (self._fault is not Fault.EPOCH_NOT_BUMPED)
        written = world.with_alloc(process.alloc, state=MOVING, epoch=epoch)
        if self._fault is Fault.BREAK_BEFORE_MAKE:
            written = written.without_seat(seen.seat.trainer, self.key(process.alloc, seen.seat.epoch))
        yield _go(written, index, "look", epoch, seen.seat.trainer)

    def _refund(self, world: World, index: int, process: Process) -> Worlds:
        seen = world.allocs[process.alloc]
        forgets = self._fault is Fault.NO_TOMBSTONE
        left = seen.grants - {process.purchase}
        changes: dict[str, Any] = {"grants": left}
        if not forgets:
            changes["revoked"] = seen.revoked | {process.purchase}
        if not left and not (forgets and seen.state == NONE):
            changes |= {"state": CANCELLED, "lease": FREE}
        yield self._to_settle(world.with_alloc(process.alloc, **changes), index, seeks_after=False)

    def _refund_in_part(self, world: World, index: int, process: Process) -> Worlds:
        """Nothing is taken: neither from this purchase, if it is known, nor from it when it comes."""
        seen = world.allocs[process.alloc]
        if self._fault is Fault.PARTIAL_DROPS_THE_GRANT:
            world = world.with_alloc(process.alloc, grants=seen.grants - {process.purchase})
        elif self._fault is Fault.PARTIAL_LEAVES_A_TOMBSTONE and process.purchase not in seen.grants:
            world = world.with_alloc(process.alloc, revoked=seen.revoked | {process.purchase})
        yield _go(world, index, "done")

    def _reconcile(self, world: World, index: int, process: Process) -> Worlds:
        held = [(trainer, key) for trainer, keys in enumerate(world.seats) for key in keys]
        for trainer, key in held:
            at_work = process._replace(alloc=key.alloc, found=((trainer, key.epoch),), at="settle")
            yield world.with_process(index, at_work)
        if not held:
            yield _go(world, index, "done")

    def _look(self, world: World, index: int, process: Process) -> Worlds:
        epoch, avoided = process.memory
        holders = _holders(world, self.key(process.alloc, epoch))
        for trainer in holders:
            yield _go(world, index, "confirm", epoch, trainer)
        # The look may have come too early: a second seat is claimed, and the loser of the confirm gives his back.
        yield _go(world, index, "claim", epoch, avoided)

    def _claim(self, world: World, index: int, process: Process) -> Worlds:
        epoch, avoided = process.memory
        key = self.key(process.alloc, epoch)
        nobody_free = True
        for trainer, held in enumerate(world.seats):
            if len(held) >= self._capacities[trainer] or trainer == avoided or key in held:
                continue
            nobody_free = False
            if self._fault is Fault.COUNT_THEN_ASSIGN:
                yield _go(world, index, "take", epoch, trainer)
            else:
                yield _go(world.with_seat(trainer, key), index, "confirm", epoch, trainer)
        if nobody_free:
            yield _go(world, index, "done" if avoided == NOBODY else "give up", epoch, avoided)

    def _take(self, world: World, index: int, process: Process) -> Worlds:
        epoch, trainer = process.memory
        yield _go(world.with_seat(trainer, self.key(process.alloc, epoch)), index, "confirm", epoch, trainer)

    def _confirm(self, world: World, index: int, process: Process) -> Worlds:
        epoch, trainer = process.memory
        seen = world.allocs[process.alloc]
        if seen.state not in (PENDING, MOVING) or seen.epoch != epoch:
            yield _go(world, index, "release" if self._fault is Fault.NO_RECHECK else "recheck", epoch, trainer)
            return
        written = world.with_alloc(process.alloc, state=ASSIGNED, seat=Held(trainer, epoch))
        if seen.seat is None:
            yield self._next_to_settle(written, index)
        else:
            yield _go(written, index, "release old", seen.seat.epoch, seen.seat.trainer)

    def _recheck(self, world: World, index: int, process: Process) -> Worlds:
        epoch, trainer = process.memory
        if verdict(world.allocs[process.alloc], trainer, epoch) == "keep":
            yield self._next_to_settle(world, index)
        else:
            yield _go(world, index, "release", epoch, trainer)

    def _release(self, world: World, index: int, process: Process) -> Worlds:
        epoch, trainer = process.memory
        yield self._next_to_settle(world.without_seat(trainer, self.key(process.alloc, epoch)), index)

    def _release_old(self, world: World, index: int, process: Process) -> Worlds:
        epoch, trainer = process.memory
        if verdict(world.allocs[process.alloc], trainer, epoch) == "dead":
            world = world.without_seat(trainer, self.key(process.alloc, epoch))
        yield self._next_to_settle(world, index)

    def _give_up(self, world: World, index: int, process: Process) -> Worlds:
        epoch, _ = process.memory
        seen = world.allocs[process.alloc]
        if seen.state == MOVING and seen.epoch == epoch:
            world = world.with_alloc(process.alloc, state=ASSIGNED)
        yield _go(world, index, "done")

    def _find(self, world: World, index: int, process: Process) -> Worlds:
        """Read the trainers who hold a seat of an epoch that was seen, with whatever other seats they hold by now."""
        seen = process.seen or world.allocs[process.alloc]
        keys = {self.key(process.alloc, epoch) for epoch in range(seen.epoch + 1)}
        found = tuple(
            (trainer, key.epoch)
            for trainer, held in enumerate(world.seats)
            if keys & held
            for key in sorted(held)
            if key.alloc == process.alloc
        )
        yield self._next_to_settle(world.with_process(index, process._replace(found=found)), index)

    def _settle(self, world: World, index: int, process: Process) -> Worlds:
        """Judge the first of the seats that were found; the write that follows is a step of its own."""
        trainer, epoch = process.found[0]
        judged = verdict(process.seen or world.allocs[process.alloc], trainer, epoch)
        rest = world.with_process(index, process._replace(found=process.found[1:]))
        if judged == "help":
            yield _go(rest, index, "confirm", epoch, trainer)
        elif judged == "dead" or (judged == "unread" and self._fault is Fault.JUDGES_THE_UNREAD):
            yield _go(rest, index, "release", epoch, trainer)
        else:
            yield self._next_to_settle(rest, index)

    def _to_settle(self, world: World, index: int, *, seeks_after: bool) -> World:
        process = world.processes[index]
        # Purchases say nothing about seats: worlds that differ in what was read of them only are one.
        seen = world.allocs[process.alloc]._replace(grants=frozenset(), revoked=frozenset())
        return _go(world.with_process(index, process._replace(seen=seen, seeks_after=seeks_after)), index, "find")

    def _next_to_settle(self, world: World, index: int) -> World:
        process = world.processes[index]
        if process.found:
            return _go(world, index, "settle")
        seen = world.allocs[process.alloc]
        if process.seeks_after and seen.state == PENDING:
            return _go(world.with_process(index, process.restarted()), index, "look", seen.epoch, NOBODY)
        if process.kind == "return":
            owing = process.restarted()._replace(drain=Pass(owes=True))
            return _go(world.with_process(index, owing), index, "count")
        return _go(world, index, "done")


def _go(world: World, index: int, at: str, *memory: int) -> World:
    if at == "done":
        return done(world, index)
    return world.with_process(index, world.processes[index]._replace(at=at, memory=memory))


def _holders(world: World, key: Key) -> list[int]:
    return [trainer for trainer, held in enumerate(world.seats) if key in held]
