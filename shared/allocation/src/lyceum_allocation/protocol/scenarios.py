"""Small worlds that hold the hard cases, and the faults that the model has to catch in them."""

from typing import NamedTuple

from lyceum_allocation.protocol.world import Fault, Process


class Scenario(NamedTuple):
    """Who does what, among whom, and how often somebody may die.

    Attributes:
        wishes: the trainers that each allocation could be served by; all, if nothing is said.
        waiting: so many of the allocations wait from the beginning, in order.
    """

    name: str
    processes: tuple[Process, ...]
    capacities: tuple[int, ...]
    allocations: int
    crashes: int
    wishes: tuple[frozenset[int], ...] = ()
    waiting: int = 0

    def fits(self, alloc: int, trainer: int) -> bool:
        """Whether this trainer could serve this student."""
        return not self.wishes or trainer in self.wishes[alloc]


def _buy(purchase: int, alloc: int = 0) -> Process:
    return Process("create", purchase, alloc)


def _refund(purchase: int, alloc: int = 0) -> Process:
    return Process("refund", purchase, alloc)


def _sweep(alloc: int = 0) -> Process:
    return Process("sweep", 0, alloc)


def _move(alloc: int = 0) -> Process:
    return Process("move", 0, alloc)


def _arrives(purchase: int, alloc: int = 0) -> Process:
    return Process("arrive", purchase, alloc)


def _returns(purchase: int, alloc: int = 0) -> Process:
    return Process("return", purchase, alloc)


def _refund_in_part(purchase: int, alloc: int = 0) -> Process:
    return Process("refund in part", purchase, alloc)


def _shift(alloc: int = 0) -> Process:
    return Process("shift", 0, alloc)


def _leave(trainer: int) -> Process:
    return Process("leave", 0, trainer)


def _come_back(trainer: int) -> Process:
    return Process("come back", 0, trainer)


_RECONCILE = Process("reconcile", 0, 0)
_DRAIN = Process("serve", 0, 0)
_TIME = Process("time", 0, 0)
_BOTH, _FIRST = frozenset({0, 1}), frozenset({0})

SAFETY: tuple[Scenario, ...] = (
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

WAITLIST: tuple[Scenario, ...] = (
    Scenario("two arrive for one seat", (_arrives(1), _arrives(2, 1)), (1,), 2, 2),
    Scenario("two arrive, leases run out", (_arrives(1), _arrives(2, 1), _TIME), (1, 1), 2, 0),
    Scenario("two arrive, somebody drains", (_arrives(1), _arrives(2, 1), _DRAIN), (1,), 2, 1),
    Scenario("two arrive, one fits one seat only", (_arrives(1), _arrives(2, 1)), (1, 1), 2, 0, (_FIRST, _BOTH)),
    Scenario("two wait for a drain, one arrives", (_DRAIN, _arrives(1, 2)), (1, 1), 3, 0, waiting=2),
    Scenario("one waits, the seat is given back", (_arrives(1), _arrives(2, 1), _returns(1)), (1,), 2, 1),
    Scenario("refund, then buy again, leases run out", (_arrives(1), _returns(1), _arrives(2), _TIME), (1,), 1, 0),
    Scenario("one purchase twice, leases run out", (_arrives(1), _arrives(1), _TIME), (1, 1), 1, 1),
    Scenario("refund in part, twice, then in full", (*[_refund_in_part(1)] * 2, _arrives(1), _returns(1)), (1,), 1, 1),
    Scenario(
        "two purchases, one refunded in part, one in full",
        *((_arrives(1), _arrives(2), _refund_in_part(1), _returns(2)), (1,), 1, 0),
    ),
)
"""Everybody goes through the queue: no timer is needed for a seat to be found, unless somebody dies."""

MOVES: tuple[Scenario, ...] = (
    Scenario("moves beside one who arrives", (_arrives(1), _shift(), _arrives(2, 1)), (1, 1), 2, 0),
    Scenario("moves, refunded", (_arrives(1), _shift(), _returns(1)), (1, 1), 1, 1),
    Scenario("moves, buys again", (_arrives(1), _shift(), _arrives(2)), (1, 1), 1, 0),
    Scenario("moves twice, leases run out", (_arrives(1), _shift(), _shift(), _TIME), (1, 1), 1, 0),
    Scenario("moves, reconciled", (_arrives(1), _shift(), _RECONCILE), (1, 1), 1, 2),
    Scenario("moves with nobody free", (_arrives(1), _shift(), _RECONCILE), (1,), 1, 2),
    Scenario("his trainer leaves, one arrives", (_arrives(1), _leave(0), _arrives(2, 1)), (1, 1), 2, 0),
    Scenario("a trainer of two leaves", (_arrives(1), _arrives(2, 1), _leave(0)), (2, 1), 2, 0),
    Scenario("his trainer leaves, refunded", (_arrives(1), _leave(0), _returns(1), _RECONCILE), (1, 1), 1, 1),
    Scenario("his trainer leaves and comes back", (_arrives(1), _leave(0), _come_back(0)), (1, 1), 1, 1),
    Scenario("the only trainer leaves and comes back", (_arrives(1), _leave(0), _come_back(0)), (1,), 1, 2),
)

SCENARIOS = SAFETY + WAITLIST + MOVES

LARGE: tuple[Scenario, ...] = (
    Scenario("two arrive, leases run out, somebody dies", (_arrives(1), _arrives(2, 1), _TIME), (1, 1), 2, 1),
    Scenario("his trainer leaves, one arrives, somebody dies", (_arrives(1), _leave(0), _arrives(2, 1)), (1, 1), 2, 1),
    Scenario(
        "the only trainer leaves and comes back, one arrives",
        *((_arrives(1), _leave(0), _come_back(0), _arrives(2, 1)), (1,), 2, 0),
    ),
    Scenario(
        "three arrive, who not all fit each seat",
        *((_arrives(1), _arrives(2, 1), _arrives(3, 2)), (1, 1), 3, 0),
        wishes=(_FIRST, _BOTH, _BOTH),
    ),
    Scenario(
        "one waits, the seat is given back, leases run out",
        (_arrives(1), _arrives(2, 1), _returns(1), _TIME),
        (1,),
        2,
        0,
    ),
    Scenario("three arrive for two seats", (_arrives(1), _arrives(2, 1), _arrives(3, 2)), (1, 1), 3, 0),
    Scenario("refund, then buy again, somebody dies", (_arrives(1), _returns(1), _arrives(2), _TIME), (1,), 1, 1),
    Scenario("moves, buys again, refunds one", (_arrives(1), _shift(), _arrives(2), _returns(1)), (1, 1), 1, 0),
    Scenario(
        "a trainer leaves, nobody is free until one refunds",
        *((_arrives(1), _arrives(2, 1), _leave(0), _returns(2, 1)), (1, 1), 2, 0),
    ),
)
"""Explored by hand: they take most of a minute."""

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
    (
        Fault.PARTIAL_DROPS_THE_GRANT,
        "two purchases, one refunded in part, one in full",
        "paid and not refunded, but nothing is granted",
    ),
    (
        Fault.PARTIAL_LEAVES_A_TOMBSTONE,
        "two purchases, one refunded in part, one in full",
        "paid and not refunded, but nothing is granted",
    ),
    (Fault.CLAIMS_FOR_ITSELF, "moves beside one who arrives", "overtaken by one who began to wait later"),
    (Fault.RESERVES_NOTHING, "two arrive for one seat", "overtaken by one who began to wait later"),
    (Fault.COUNTS_TOO_EARLY, "two wait for a drain, one arrives", "overtaken by one who began to wait later"),
    (Fault.RESERVES_ANY_SEAT, "two arrive, one fits one seat only", "overtaken by one who began to wait later"),
    (Fault.LEAVES_NO_NOTE, "one waits, the seat is given back", "left waiting beside a free seat"),
    (Fault.LOSER_LOOKS_NO_MORE, "one waits, the seat is given back", "left waiting beside a free seat"),
    (Fault.GIVES_UP_FOR_WHO_LEFT, "his trainer leaves and comes back", "left with a trainer who has left"),
    (Fault.COMES_BACK_ALONE, "the only trainer leaves and comes back", "moves for ever"),
)
"""A fault, the scenario that shows it, and what the model must say."""
