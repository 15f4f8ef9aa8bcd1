"""Whoever waits for a day is told of once, with what is missing; whoever is about to be served is not."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from lyceum_allocation import Allocation, AllocationRepository, AllocationService, transitions
from lyceum_allocation.rules import Candidate
from lyceum_allocation.starvation import GRACE, Starvation
from lyceum_allocation.survey import Survey
from lyceum_allocation.testing import Town, purchase
from lyceum_contracts import AllocationStarved

DAY = timedelta(days=1)
SECOND = timedelta(seconds=1)


def told(town: Town, student: str) -> list[dict[str, Any]]:
    return [
        json.loads(entry["value"]) for entry in town.stored(student).outbox if entry["type"] == AllocationStarved.type
    ]


def test_a_student_is_told_of_after_a_day_and_only_once(town: Town) -> None:
    town.hire("t1", "math|hi")
    town.buys("s1", wants=[1, 2])

    town.after(DAY - SECOND)
    assert told(town, "s1") == []
    for _ in range(3):
        town.after(SECOND)

    (event,) = told(town, "s1")
    assert (event["missing"], event["stage"]) == ("math|en: 1 teach math -> 0 in en", "skill")
    assert event["relaxed"] == ["hours"]
    assert event["waited_s"] == 24 * 3600
    assert town.stored("s1").history[-1]["what"] == "starved"
    assert town.service.explain(town.stored("s1").id).is_starved


def test_after_a_refund_and_another_purchase_a_new_wait_begins(town: Town) -> None:
    town.buys("s1")
    town.after(DAY)
    town.returns("s1")
    town.service.allocate(purchase("again", student="s1"))

    town.after(DAY - SECOND)
    assert len(told(town, "s1")) == 1
    for _ in range(3):
        town.after(SECOND)
    assert [event["epoch"] for event in told(town, "s1")] == [1, 2]


def test_whoever_has_a_trainer_or_no_purchase_left_is_not_told_of(town: Town) -> None:
    town.hire("t1")
    town.buys("served")
    town.buys("refunded")
    town.returns("refunded")

    town.after(10 * DAY)

    assert told(town, "served") == told(town, "refunded") == []


def test_whoever_waits_for_another_trainer_for_a_day_is_told_of_and_keeps_his_own(town: Town) -> None:
    town.hire("t1")
    town.buys("s1")
    town.now += 10 * DAY
    town.service.leave("t1", for_good=True, actor="ada")

    town.after(DAY - SECOND)
    assert told(town, "s1") == []
    town.after(SECOND)

    (event,) = told(town, "s1")
    assert (event["epoch"], event["stage"]) == (2, "inactive")
    assert town.service.explain(town.stored("s1").id).trainer_id == "t1"


def test_whoever_the_same_sweep_serves_is_not_told_of(town: Town) -> None:
    town.buys("s1")
    town.now += DAY
    town.hire("t1")

    town.after(SECOND)

    assert (town.trainers("s1"), told(town, "s1")) == (["t1"], [])


def test_whoever_is_not_served_although_somebody_is_free_is_told_of_all_the_same(town: Town) -> None:
    town.buys("s1")
    town.hire("t1")
    starvation = Starvation(town.allocations, clock=town.clock)
    town.now += DAY

    assert starvation.tell([town.stored("s1")]) == 0
    town.now += GRACE
    assert starvation.tell([town.stored("s1")]) == 1
    assert told(town, "s1")[0]["stage"] == ""


def test_everybody_is_looked_at_page_by_page_and_the_trainers_of_a_subject_are_read_once_for_a_page(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    class SmallPages(AllocationRepository):
        def pending(self, *, after_id: str | None, limit: int = 20) -> list[Allocation]:
            return super().pending(after_id=after_id, limit=limit)

    reads = []

    def read(self: Survey, *, org_id: str, subject: str) -> Iterator[Candidate]:
        reads.append((org_id, subject))
        return iter(())

    monkeypatch.setattr(Survey, "teaching", read)
    for number in range(45):
        town.buys(f"s{number:02}")

    town.now += DAY
    AllocationService(allocations=SmallPages(clock=town.clock), capacities=town.capacities, clock=town.clock).sweep()

    assert sum(len(told(town, f"s{number:02}")) for number in range(45)) == 45
    assert reads == [("default", "math")] * 3, "pages of twenty"


def test_two_sweeps_at_once_tell_of_a_student_once(town: Town) -> None:
    class Meeting(AllocationRepository):
        met = False

        def write(self, seen: Allocation, change: transitions.Change, *, cause_id: str | None = None) -> bool:
            if "starved_epoch" in change.fields and not self.met:
                self.met = True
                town.service.sweep()
            return super().write(seen, change, cause_id=cause_id)

    town.buys("s1")
    town.now += DAY

    AllocationService(allocations=Meeting(clock=town.clock), capacities=town.capacities, clock=town.clock).sweep()

    assert len(told(town, "s1")) == 1
