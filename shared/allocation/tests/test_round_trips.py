"""How often the store is asked for each kind of message: the time of a purchase is mostly these."""

import itertools
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from lyceum_allocation import Allocation, TrainerCapacity
from lyceum_allocation.testing import Town
from lyceum_database import close, connect, embedded, ensure_indexes

_databases = itertools.count()


class Counting:
    """The lock under which the embedded store runs each call; counts the calls."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self.calls = 0

    def __enter__(self) -> None:
        self._lock.acquire()
        self.calls += self._depth == 0
        self._depth += 1

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        self._lock.release()


COUNTING = Counting()


class CountingClient(embedded.EmbeddedMongoClient):
    """The embedded store that counts."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._turn = COUNTING  # type: ignore[assignment] # stands in for the lock


@pytest.fixture
def town() -> Iterator[Town]:
    """A town in which somebody has bought a while ago: connections, collections and the supply of the skill are known."""
    connect(embedded.embedded_settings(f"round-trips-{next(_databases)}"), client_class=CountingClient)
    ensure_indexes([Allocation, TrainerCapacity])
    town = Town(view_kept=timedelta(0))
    town.hire("t1", capacity=100)
    town.buys("first")
    yield town
    close()


def trips(call: Any, *arguments: Any) -> int:
    before = COUNTING.calls
    call(*arguments)
    return COUNTING.calls - before


def fill(town: Town) -> None:
    trainer = town.capacities.get("t1")
    assert town.capacities.revise(trainer, skills=["math|en"], capacity=trainer.load)


def free_seat(town: Town) -> int:
    """Record it, read who is free and who waits, claim, confirm."""
    return trips(town.buys, "s1")


def nobody_free(town: Town) -> int:
    """Record it, read that nobody is free, tell the student."""
    fill(town)
    return trips(town.buys, "s1")


def again(town: Town) -> int:
    """Fail to record it, read, look for a seat that was left behind, read."""
    return trips(town.buys, "first")


def again_while_waiting(town: Town) -> int:
    fill(town)
    town.buys("s1")
    return trips(town.buys, "s1")


def refund(town: Town) -> int:
    """Read, record, find the seat, give it back, see that nobody waits."""
    return trips(town.returns, "first")


def refund_for_who_waits(town: Town) -> int:
    """The same, and serve the next in the queue."""
    fill(town)
    town.buys("s1")
    return trips(town.returns, "first")


@pytest.mark.parametrize(
    ("message", "needed", "served"),
    [
        (free_seat, 5, ("s1",)),
        (nobody_free, 3, ()),
        (again, 4, ()),
        (again_while_waiting, 5, ()),
        (refund, 5, ()),
        (refund_for_who_waits, 10, ("s1",)),
    ],
)
def test_the_store_is_asked_no_more_often_than_needed(
    town: Town, message: Callable[[Town], int], needed: int, served: tuple[str, ...]
) -> None:
    assert message(town) == needed
    assert town.trainers(*served) == ["t1"] * len(served)


def test_who_is_free_is_read_once_for_all_purchases_of_a_moment(town: Town) -> None:
    busy = Town(now=town.now, view_kept=timedelta(hours=1))

    assert [trips(busy.buys, f"s{number}") for number in range(4)] == [6, 4, 4, 4]


def test_the_first_choice_for_a_skill_in_a_minute_counts_the_trainers_too(town: Town) -> None:
    town.hire("artist", "art|en", capacity=9)

    assert trips(lambda: town.buys("s1", subject="art")) == 6
    assert trips(lambda: town.buys("s2", subject="art")) == 5
