"""A view of the trainers that was read a moment ago says yes, never no, and does not make the choice uneven."""

import itertools
import threading
from collections.abc import Iterator
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from lyceum_allocation import AllocationService, CapacityRepository
from lyceum_allocation.audit import violations
from lyceum_allocation.capacities import PAGE
from lyceum_allocation.rules import Candidate
from lyceum_allocation.testing import Town
from lyceum_allocation.turnstile import Turnstile
from lyceum_database import close
from lyceum_database.embedded import connect_embedded

_databases = itertools.count()


class Reading(CapacityRepository):
    """Counts how often the trainers of a skill are read."""

    reads = 0

    def candidates(self, *args: Any, **options: Any) -> list[Candidate]:
        self.reads += 1
        return super().candidates(*args, **options)


@pytest.fixture
def town() -> Iterator[Town]:
    connect_embedded(f"views-{next(_databases)}")
    yield Town(view_kept=timedelta(hours=1))
    close()


def reading(town: Town, *, kept: timedelta) -> Reading:
    """Let the town's service read through a repository that counts."""
    found = Reading(clock=town.clock)
    town.service = AllocationService(
        allocations=town.allocations, capacities=found, clock=town.clock, random=Random(1), view_kept=kept
    )
    return found


def test_one_read_serves_the_purchases_of_a_moment(town: Town) -> None:
    capacities = reading(town, kept=timedelta(hours=1))
    town.hire("t1", capacity=9)

    for number in range(5):
        town.buys(f"s{number}")

    assert capacities.reads == 1


def test_an_old_view_is_read_again(town: Town) -> None:
    capacities = reading(town, kept=timedelta(microseconds=1))
    town.hire("t1", capacity=9)

    town.buys("s1")
    town.buys("s2")

    assert capacities.reads == 2


def test_who_is_full_since_is_not_chosen_and_who_came_since_is(town: Town) -> None:
    town.hire("t1", capacity=2)
    town.buys("s1")
    Town(now=town.now).buys("s2")
    town.hire("t2", capacity=1)

    town.buys("s3")

    assert town.trainers("s1", "s2", "s3") == ["t1", "t1", "t2"]


def test_nobody_is_left_waiting_by_a_view_that_shows_nobody_for_him(town: Town) -> None:
    town.hire("t1", capacity=9, avail=[1, 2])
    town.buys("s1")
    town.hire("t2", capacity=9, avail=[8, 9])

    town.buys("s2", wants=[8, 9])

    assert town.trainers("s2") == ["t2"]
    assert violations(at_rest=True, clock=town.clock) == []


def test_whoever_waited_before_is_served_first_though_the_view_shows_nobody_for_him(town: Town) -> None:
    town.hire("t1", capacity=2, avail=[1, 2])
    town.buys("s1")
    town.buys("waits", wants=[8, 9])
    # Fits both; no process noticed that he came.
    town.hire("t2", capacity=1, avail=[1, 2, 8, 9])

    town.buys("s2", wants=[1, 2])

    assert town.trainers("waits", "s2") == ["t2", "t1"]


def test_the_least_utilised_are_chosen_though_they_stand_on_a_page_that_was_not_read(town: Town) -> None:
    for number in range(2 * PAGE):
        town.hire(f"t{number:02}", capacity=9)

    for number in range(2 * PAGE):
        town.buys(f"s{number}")

    assert len(set(town.trainers(*(f"s{number}" for number in range(2 * PAGE))))) == 2 * PAGE


def test_those_who_wait_at_a_turnstile_go_through_in_the_order_of_their_places() -> None:
    turnstile, seen = Turnstile[str](), list[int]()

    def go(place: int) -> None:
        with turnstile.passed(place):
            seen.append(place)

    threads = [threading.Thread(target=go, args=(place,)) for place in (3, 1, 2)]
    with turnstile.passed(0):
        for number, thread in enumerate(threads, start=1):
            thread.start()
            while len(turnstile._waiting) < number:
                threading.Event().wait(0.001)
    for thread in threads:
        thread.join()

    assert seen == [1, 2, 3]


def test_a_turnstile_lets_one_at_a_time_through_also_after_a_failure() -> None:
    turnstile, inside, most = Turnstile[str](), list[int](), list[int]()

    def fail(place: int) -> None:
        with turnstile.passed(place):
            inside.append(place)
            most.append(len(inside))
            inside.pop()
            raise ZeroDivisionError

    def go(place: int) -> None:
        for _ in range(50):
            with pytest.raises(ZeroDivisionError):
                fail(place)

    threads = [threading.Thread(target=go, args=(place,)) for place in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert max(most) == 1
    assert len(most) == 400
