"""The reconciler's work is shared among processes: bounded reads in a call, and no seat is forgotten."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, ClassVar

import pytest

from lyceum_allocation import (
    AllocationRepository,
    AllocationService,
    CapacityRepository,
    Seat,
    seating,
)
from lyceum_allocation.testing import Town, purchase

MINUTE = timedelta(minutes=1)


class Counting(CapacityRepository):
    """Counts at whose seats it looked."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.looked_at: list[str] = []

    def due_for_judgement(self, **options: Any) -> dict[str, list[str]]:
        found = super().due_for_judgement(**options)
        self.looked_at += found
        return found


def process(town: Town) -> tuple[AllocationService, Counting]:
    capacities = Counting(clock=town.clock)
    allocations = AllocationRepository(clock=town.clock)
    return AllocationService(allocations=allocations, capacities=capacities, clock=town.clock), capacities


def leak(town: Town, trainer_id: str, student: str) -> None:
    """A seat for an epoch that is over, as a process leaves it that dies between claim and confirm."""
    candidate = town.capacities.find_candidate(trainer_id)
    assert candidate is not None
    assert town.capacities.claim(candidate, f"{town.stored(student).id}:1")


def seats(town: Town, trainer_id: str) -> list[str]:
    return [seat.k for seat in town.capacities.get(trainer_id).seats]


@pytest.fixture
def crowd(town: Town) -> Town:
    for number in range(249):
        # Seats of allocations that do not exist stay as they are.
        seat = Seat(k=f"unknown{number}:1")
        town.hire(f"t{number:03}", "art|en", capacity=2, load=1, free=1, util_milli=500, seats=[seat])
    town.hire("t7", capacity=2)
    town.buys("s7")
    return town


def test_one_call_reads_no_more_than_its_share_and_the_next_goes_on_where_it_ended(crowd: Town) -> None:
    service, reads = process(crowd)

    service.reconcile_due(pages=2)
    assert len(reads.looked_at) == 200
    service.reconcile_due(pages=2)
    assert len(set(reads.looked_at)) == 250
    service.reconcile_due(pages=2)
    assert len(reads.looked_at) == 250, "nobody is due again"


def test_processes_share_the_trainers_and_each_is_looked_at_once_a_minute(crowd: Town) -> None:
    first, second = process(crowd), process(crowd)

    for _ in range(3):
        for service, _reads in (first, second):
            service.reconcile_due(pages=1)
    looked_at = first[1].looked_at + second[1].looked_at
    assert len(looked_at) == len(set(looked_at)) == 250
    assert first[1].looked_at
    assert second[1].looked_at

    crowd.now += MINUTE
    for _ in range(3):
        first[0].reconcile_due(pages=1)
    assert sorted(first[1].looked_at[-250:]) == sorted(looked_at)


def test_a_leaked_seat_is_found_within_a_minute_and_a_tick(crowd: Town) -> None:
    service, _ = process(crowd)
    service.reconcile_due()
    crowd.returns("s7")
    leak(crowd, "t7", "s7")

    for _ in range(13):
        crowd.now += MINUTE / 12
        service.reconcile_due()

    assert seats(crowd, "t7") == []


def test_a_process_that_dies_over_its_share_delays_it_by_one_round(crowd: Town) -> None:
    crowd.returns("s7")
    leak(crowd, "t7", "s7")
    crowd.capacities.mark_judged(["t7"])

    service, _ = process(crowd)
    service.reconcile_due()
    assert seats(crowd, "t7") != []
    crowd.now += MINUTE
    service.reconcile_due()

    assert seats(crowd, "t7") == []


def test_a_leaked_seat_of_an_earlier_epoch_is_found_beside_the_one_that_is_held(town: Town) -> None:
    town.hire("t1", capacity=3)
    town.buys("s1")
    town.returns("s1")
    town.service.allocate(purchase("again", student="s1"))
    leak(town, "t1", "s1")
    assert len(seats(town, "t1")) == 2

    town.service.reconcile_due()

    assert seats(town, "t1") == [f"{town.stored('s1').id}:2"]


def test_trainers_without_students_make_way_too(town: Town) -> None:
    for number in range(150):
        town.hire(f"t{number:03}")
    service, reads = process(town)

    service.reconcile_due(pages=1)
    service.reconcile_due(pages=1)
    service.reconcile_due(pages=1)

    assert len(reads.looked_at) == len(set(reads.looked_at)) == 150


def test_a_look_at_the_seats_disturbs_no_writer(town: Town) -> None:
    town.hire("t1", capacity=2)
    candidate = town.capacities.find_candidate("t1")
    assert candidate is not None

    town.capacities.mark_judged(["t1"])

    assert town.capacities.claim(candidate, "somebody:1")


def test_the_allocations_of_a_page_are_read_a_bounded_number_at_a_time(
    crowd: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Counting(AllocationRepository):
        read: ClassVar[list[int]] = []

        def not_holding(self, seats: Sequence[tuple[str, str, int]]) -> set[str]:
            self.read.append(len(seats))
            return super().not_holding(seats)

    monkeypatch.setattr(seating, "OWNERS_AT_ONCE", 40)
    crowd.returns("s7")
    leak(crowd, "t7", "s7")

    AllocationService(
        allocations=Counting(clock=crowd.clock), capacities=crowd.capacities, clock=crowd.clock
    ).reconcile_due()

    assert max(Counting.read) == 40
    assert sum(Counting.read) == 250
    assert seats(crowd, "t7") == []


def test_a_seat_that_comes_free_goes_to_who_waits(town: Town) -> None:
    town.hire("t1")
    town.buys("gone")
    town.returns("gone")
    leak(town, "t1", "gone")
    town.buys("s1")

    assert town.service.reconcile_due() == 1
    assert town.trainers("s1") == ["t1"]
