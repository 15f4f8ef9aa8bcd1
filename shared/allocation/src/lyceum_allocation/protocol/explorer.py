"""Every world that can be reached."""

from typing import NamedTuple

from lyceum_allocation.protocol.promises import at_rest_violation, violation
from lyceum_allocation.protocol.scenarios import Scenario
from lyceum_allocation.protocol.steps import Steps
from lyceum_allocation.protocol.world import PENDING, Alloc, Fault, World

_LONG_AGO = -1
"""A purchase that none of the processes handles."""


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
    steps = Steps(scenario, fault)
    first = World(
        allocs=tuple(
            _waiting(number) if number < scenario.waiting else Alloc() for number in range(scenario.allocations)
        ),
        seats=(frozenset(),) * len(scenario.capacities),
        processes=scenario.processes,
        crashes=scenario.crashes,
    )
    known, to_visit, at_rest = {first}, [first], 0
    while to_visit:
        world = to_visit.pop()
        rests = all(process.is_done for process in world.processes)
        at_rest += rests
        broken = violation(world, scenario, steps) or (at_rest_violation(world, scenario, steps) if rests else None)
        if broken:
            return Finding(len(known), at_rest, broken)
        for following in _following(world, steps):
            count = len(known)
            known.add(following)
            if len(known) > count:  # a test before would reckon the hash of a world twice
                to_visit.append(following)
        if len(known) > limit:
            raise TooLarge(f"{scenario.name}: more than {limit} worlds")
    return Finding(len(known), at_rest, None)


def _waiting(number: int) -> Alloc:
    return Alloc(state=PENDING, epoch=1, grants=frozenset({_LONG_AGO}), since=number + 1)


def _following(world: World, steps: Steps) -> list[World]:
    following: list[World] = []
    for index, process in enumerate(world.processes):
        if process.is_done:
            continue
        following += steps.after(world, index)
        if world.crashes and process.at != "start":
            following.append(world.after_a_crash(index))
    return following
