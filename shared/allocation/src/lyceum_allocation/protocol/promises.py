"""What every world must keep, and what a world at rest must keep besides."""

from collections.abc import Iterator

from lyceum_allocation.protocol.scenarios import Scenario
from lyceum_allocation.protocol.steps import Steps
from lyceum_allocation.protocol.world import (
    ASSIGNED,
    CANCELLED,
    FREE,
    MOVING,
    Alloc,
    Fault,
    Held,
    World,
    verdict,
)


def violation(world: World, scenario: Scenario, steps: Steps) -> str | None:
    """Name what this world breaks, or None."""
    if world.overtaken:
        return "overtaken by one who began to wait later"
    if any(len(held) > capacity for held, capacity in zip(world.seats, scenario.capacities, strict=True)):
        return "over capacity"
    for index, alloc in enumerate(world.allocs):
        if alloc.state in (ASSIGNED, MOVING) and not _holds_what_it_names(world, index, alloc, steps):
            return "told of a trainer who holds no seat"
        if alloc.grants & alloc.revoked:
            return "granted and revoked"
    return None


def at_rest_violation(world: World, scenario: Scenario, steps: Steps) -> str | None:
    """Name what is wrong once nobody is at work, or None.

    If nobody died, nobody may wait beside a seat that he could take even before the timers come. Then the reconciler
    and the sweeper run until nothing changes.
    """
    if not steps.seats_have_epochs:
        return None
    nobody_died = world.crashes == scenario.crashes
    if nobody_died and _drains_its_queue(scenario):
        if any(_could_be_served(world, scenario, index) for index in range(scenario.allocations)):
            return "left waiting beside a free seat"
        if any(alloc.waits and alloc.lease != FREE for alloc in world.allocs):
            return "a lease is left over"
    settled = _settled(world, scenario, steps)
    return next(
        (broken for index in range(scenario.allocations) for broken in _wrong_at_rest(settled, scenario, index)), None
    )


def _holds_what_it_names(world: World, index: int, alloc: Alloc, steps: Steps) -> bool:
    return alloc.seat is not None and steps.key(index, alloc.seat.epoch) in world.seats[alloc.seat.trainer]


def _drains_its_queue(scenario: Scenario) -> bool:
    """Whether everybody goes through the queue, so that no timer is needed."""
    return all(process.kind not in ("create", "sweep", "move", "refund") for process in scenario.processes)


def _wrong_at_rest(world: World, scenario: Scenario, index: int) -> Iterator[str]:
    alloc = world.allocs[index]
    bought = {p.purchase for p in world.processes if p.alloc == index and p.kind in ("create", "arrive")}
    refunded = {p.purchase for p in world.processes if p.alloc == index and p.kind in ("refund", "return")}
    seats = sum(key.alloc == index for held in world.seats for key in held)
    with_a_leaver = alloc.state == ASSIGNED and alloc.seat is not None and alloc.seat.trainer in world.gone
    checks = (
        ("a refunded purchase still grants", bool(alloc.grants & refunded)),
        ("paid and not refunded, but nothing is granted", not bought - refunded <= alloc.grants),
        ("paid, a seat is free, no trainer", _could_be_served(world, scenario, index)),
        ("paid but cancelled", bool(alloc.grants) and alloc.state == CANCELLED),
        ("refunded but live", not alloc.grants and (alloc.state == ASSIGNED or alloc.waits)),
        ("left with a trainer who has left", with_a_leaver),
        ("a seat is left over or missing", seats != (alloc.state in (ASSIGNED, MOVING))),
        ("moves for ever", alloc.state == MOVING and alloc.seat is not None and alloc.seat.trainer not in world.gone),
    )
    yield from (name for name, is_broken in checks if is_broken)


def _could_be_served(world: World, scenario: Scenario, index: int) -> bool:
    return bool(world.allocs[index].waits and world.allocs[index].grants and _free_for(world, scenario, index))


def _free_for(world: World, scenario: Scenario, index: int) -> list[int]:
    seat = world.allocs[index].seat
    return [
        trainer
        for trainer, held in enumerate(world.seats)
        if len(held) < scenario.capacities[trainer]
        and trainer not in world.gone
        and scenario.fits(index, trainer)
        and (seat is None or seat.trainer != trainer)
    ]


def _settled(world: World, scenario: Scenario, steps: Steps) -> World:
    """Run the reconciler and the sweeper until nothing changes."""
    while True:
        before = world
        if steps.are_reconciled:
            world = _reconciled(world)
        world = _swept(world, scenario, steps)
        if world == before:
            return world


def _reconciled(world: World) -> World:
    for trainer, held in enumerate(world.seats):
        for key in held:
            judged = verdict(world.allocs[key.alloc], trainer, key.epoch)
            if judged == "help":
                world = world.with_alloc(key.alloc, state=ASSIGNED, seat=Held(trainer, key.epoch))
            elif judged == "dead":
                world = world.without_seat(trainer, key)
    return world


def _swept(world: World, scenario: Scenario, steps: Steps) -> World:
    """Serve who waits, give up moves that nobody pursues, and move the students of whoever left."""
    for index, alloc in enumerate(world.allocs):
        has_left = alloc.seat is not None and alloc.seat.trainer in world.gone
        if alloc.state == ASSIGNED and has_left and steps.fault is not Fault.GIVES_UP_FOR_WHO_LEFT:
            world = world.with_alloc(index, state=MOVING, epoch=alloc.epoch + 1)
        if alloc.state == MOVING and not has_left and steps.fault is not Fault.COMES_BACK_ALONE:
            world = world.with_alloc(index, state=ASSIGNED)
    for index, alloc in sorted(enumerate(world.allocs), key=lambda numbered: numbered[1].since):
        free = _free_for(world, scenario, index)
        if alloc.waits and free:
            world = world.with_seat(free[0], steps.key(index, alloc.epoch))
            world = world.with_alloc(index, state=ASSIGNED, seat=Held(free[0], alloc.epoch))
    return world
