"""Small worlds that hold the hard cases, and the faults that the model has to catch in them."""

from typing import NamedTuple

from lyceum_allocation.protocol.world import Fault, Process


class Scenario(NamedTuple):
    """Who does what, among whom, and how often somebody may die."""

    name: str
    processes: tuple[Process, ...]
    capacities: tuple[int, ...]
    allocations: int
    crashes: int


def _buy(purchase: int, alloc: int = 0) -> Process:
    return Process("create", purchase, alloc)


def _refund(purchase: int, alloc: int = 0) -> Process:
    return Process("refund", purchase, alloc)


def _sweep(alloc: int = 0) -> Process:
    return Process("sweep", 0, alloc)


def _move(alloc: int = 0) -> Process:
    return Process("move", 0, alloc)


_RECONCILE = Process("reconcile", 0, 0)

SCENARIOS: tuple[Scenario, ...] = (
    Scenario("one purchase three times", (_buy(1), _buy(1), _buy(1)), (1, 1), 1, 1),
    Scenario("purchase twice, refund in any order", (_buy(1), _buy(1), _refund(1), _RECONCILE), (1, 1), 1, 1),
    Scenario("two purchases, one refunded", (_buy(1), _buy(2), _refund(1)), (1, 1), 1, 1),
    Scenario("refund, then buy again", (_buy(1), _refund(1), _buy(2), _RECONCILE), (1,), 1, 2),
    Scenario("two students, one seat", (_buy(1), _buy(2, 1), _sweep(0), _sweep(1)), (1,), 2, 1),
    Scenario("two students, one seat, refunded", (_buy(1), _buy(2, 1), _refund(1), _sweep(1), _RECONCILE), (1,), 2, 1),
    Scenario("three students, two seats, one refunded", (_buy(1), _buy(2, 1), _buy(3, 2), _refund(2, 1)), (1, 1), 3, 0),
    Scenario("somebody else's drain dies over a refund", (_buy(1), _sweep(0), _refund(1)), (1,), 1, 2),
    Scenario(
        "a slow refund, bought again, drained by somebody else", (_buy(1), _refund(1), _buy(2), _sweep()), (2,), 1, 0
    ),
    Scenario("move", (_buy(1), _move(), _RECONCILE), (1, 1), 1, 2),
    Scenario("move with nobody free", (_buy(1), _move(), _RECONCILE), (1,), 1, 2),
    Scenario("move twice, refund", (_buy(1), _move(), _move(), _refund(1), _RECONCILE), (1, 1), 1, 0),
    Scenario("move among two students", (_buy(1), _buy(2, 1), _move(), _RECONCILE), (1, 1, 1), 2, 0),
    Scenario("move, refund, buy again", (_buy(1), _move(), _refund(1), _buy(2)), (1, 1), 1, 0),
)

BROKEN_CONTROLS: tuple[tuple[Fault, str, str], ...] = (
    (Fault.COUNT_THEN_ASSIGN, "two students, one seat", "over capacity"),
    (Fault.NO_EPOCH, "refund, then buy again", "told of a trainer who holds no seat"),
    (Fault.NO_TOMBSTONE, "purchase twice, refund in any order", "a refunded purchase still grants"),
    (Fault.NO_RECHECK, "one purchase three times", "told of a trainer who holds no seat"),
    (Fault.BREAK_BEFORE_MAKE, "move", "told of a trainer who holds no seat"),
    (Fault.NO_RECONCILER, "somebody else's drain dies over a refund", "a seat is left over or missing"),
    (
        Fault.JUDGES_THE_UNREAD,
        "a slow refund, bought again, drained by somebody else",
        "told of a trainer who holds no seat",
    ),
    (Fault.EPOCH_NOT_BUMPED, "move twice, refund", "told of a trainer who holds no seat"),
)
"""A fault, the scenario that shows it, and what the model must say."""
