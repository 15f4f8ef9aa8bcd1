"""Every world that can be reached, and the invariants that each of them must keep."""

from typing import NamedTuple

from lyceum_allocation.protocol.scenarios import Scenario
from lyceum_allocation.protocol.steps import Steps
from lyceum_allocation.protocol.world import ASSIGNED, CANCELLED, MOVING, PENDING, Alloc, Fault, Held, World, verdict


class Finding(NamedTuple):
    """What an exploration found; a violation of None means that all invariants hold."""

    worlds: int
    at_rest: int
    violation: str | None


class TooLarge(Exception):  # noqa: N818 - a fact about the scenario
    """More worlds than allowed: nothing is proved."""


def explore(scenario: Scenario, fault: Fault | None = None, *, limit: int = 1_000_000) -> Finding:
    """Visit every world of a scenario, up to the first violation.

    Raises:
        TooLarge: there are more than `limit` worlds.
    """
    steps = Steps(scenario.capacities, fault)
    first = World(
        allocs=(Alloc(),) * scenario.allocations,
        seats=(frozenset(),) * len(scenario.capacities),
        processes=scenario.processes,
        crashes=scenario.crashes,
    )
    known, to_visit, at_rest = {first}, [first], 0
    while to_visit:
        world = to_visit.pop()
        at_rest += _rests(world)
        if violation := _violation(world, scenario, steps):
            return Finding(len(known), at_rest, violation)
        fresh = set(_following(world, steps)) - known
        known |= fresh
        to_visit += fresh
        if len(known) > limit:
            raise TooLarge(f"{scenario.name}: more than {limit} worlds")
    return Finding(len(known), at_rest, None)


def _following(world: World, steps: Steps) -> list[World]:
    following: list[World] = []
    for index, process in enumerate(world.processes):
        if process.is_done:
            continue
        following += steps.after(world, index)
        if world.crashes and process.at != "start":
            crashed = world.with_process(index, process.restarted())
            following.append(crashed._replace(crashes=world.crashes - 1))
    return following


def _rests(world: World) -> bool:
    return all(process.is_done for process in world.processes)


def _violation(world: World, scenario: Scenario, steps: Steps) -> str | None:
    if any(len(held) > capacity for held, capacity in zip(world.seats, scenario.capacities, strict=True)):
        return "over capacity"
    for index, alloc in enumerate(world.allocs):
        if alloc.state in (ASSIGNED, MOVING) and not _holds_what_it_names(world, index, alloc, steps):
            return "told of a trainer who holds no seat"
        if alloc.grants & alloc.revoked:
            return "granted and revoked"
    return _violation_at_rest(world, scenario, steps) if _rests(world) and steps.seats_have_epochs else None


def _holds_what_it_names(world: World, index: int, alloc: Alloc, steps: Steps) -> bool:
    return alloc.seat is not None and steps.key(index, alloc.seat.epoch) in world.seats[alloc.seat.trainer]


def _violation_at_rest(world: World, scenario: Scenario, steps: Steps) -> str | None:
    world = _settled(world, scenario, steps)
    refunded = {(p.purchase, p.alloc) for p in world.processes if p.kind == "refund"}
    has_room = any(len(held) < capacity for held, capacity in zip(world.seats, scenario.capacities, strict=True))
    for index, alloc in enumerate(world.allocs):
        seats = sum(key.alloc == index for held in world.seats for key in held)
        checks = (
            ("a refunded purchase still grants", any((grant, index) in refunded for grant in alloc.grants)),
            ("paid, a seat is free, no trainer", bool(alloc.grants) and alloc.state == PENDING and has_room),
            ("paid but cancelled", bool(alloc.grants) and alloc.state == CANCELLED),
            ("refunded but live", not alloc.grants and alloc.state in (ASSIGNED, PENDING)),
            ("a seat is left over or missing", seats != (alloc.state == ASSIGNED)),
        )
        if broken := next((name for name, is_broken in checks if is_broken), None):
            return broken
    return None


def _settled(world: World, scenario: Scenario, steps: Steps) -> World:
    """Run the reconciler and the sweeper until nothing changes."""
    for _ in range(2 if steps.are_reconciled else 0):
        for trainer, held in enumerate(world.seats):
            for key in held:
                judged = verdict(world.allocs[key.alloc], trainer, key.epoch)
                if judged == "help":
                    world = world.with_alloc(key.alloc, state=ASSIGNED, seat=Held(trainer, key.epoch))
                elif judged == "dead":
                    world = world.without_seat(trainer, key)
        for index, alloc in enumerate(world.allocs):
            if alloc.state == MOVING:
                world = world.with_alloc(index, state=ASSIGNED)
    for index, alloc in enumerate(world.allocs):
        free = [t for t, held in enumerate(world.seats) if len(held) < scenario.capacities[t]]
        if alloc.state == PENDING and free:
            world = world.with_seat(free[0], steps.key(index, alloc.epoch))
            world = world.with_alloc(index, state=ASSIGNED, seat=Held(free[0], alloc.epoch))
    return world
