"""Threads of a process that want seats of one queue: whoever is there first seeks them for all who wait behind."""

import threading
from contextvars import ContextVar
from typing import Any

import pytest

from lyceum_allocation import (
    Allocation,
    AllocationRepository,
    AllocationService,
    CapacityRepository,
    allocation_id,
)
from lyceum_allocation.audit import violations
from lyceum_allocation.rules import Candidate
from lyceum_allocation.testing import Town, purchase
from lyceum_allocation.transitions import Change

SOON_S = 10.0
HANDLED: ContextVar[str] = ContextVar("what this thread handles", default="nothing")


class Watched(AllocationRepository):
    """Holds the first look at a queue up, and notes who writes what while which event is handled."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.looks = 0
        self.is_looking, self.may_look = threading.Event(), threading.Event()
        self.handled: dict[str, str] = {}
        self.failing: dict[str, Exception] = {}

    def waiting(self, *args: Any, **options: Any) -> list[Allocation]:
        self.looks += 1
        if self.looks == 1:
            self.is_looking.set()
            assert self.may_look.wait(SOON_S)
        return super().waiting(*args, **options)

    def write(self, seen: Allocation, change: Change, *, cause_id: str | None = None) -> bool:
        if change.fields.get("state") == "ASSIGNED":
            if seen.student_id in self.failing:
                raise self.failing.pop(seen.student_id)
            self.handled[seen.student_id] = HANDLED.get()
        return super().write(seen, change, cause_id=cause_id)


class Refusing(CapacityRepository):
    """Fails to claim a seat for one student, once."""

    unlucky: str | None = None

    def claim(self, candidate: Candidate, key: str, *, weight: int = 1) -> bool:
        if self.unlucky and key.startswith(allocation_id("default", self.unlucky, "course-1")):
            self.unlucky = None
            raise RuntimeError("no answer")
        return super().claim(candidate, key, weight=weight)


class Rush:
    """Threads that come while the first one looks at the queue."""

    def __init__(self, town: Town) -> None:
        self.allocations = Watched(clock=town.clock)
        self.capacities = Refusing(clock=town.clock)
        self.service = AllocationService(allocations=self.allocations, capacities=self.capacities, clock=town.clock)
        self.failed: dict[str, Exception] = {}

    def of(self, *students: str) -> None:
        """Let the first one in, the others behind him, one after the other, and all come to an end."""
        threads = [threading.Thread(target=self._buys, args=(student,)) for student in students]
        threads[0].start()
        assert self.allocations.is_looking.wait(SOON_S)
        for number, thread in enumerate(threads[1:], start=1):
            thread.start()
            self._until(number)
        self.allocations.may_look.set()
        for thread in threads:
            thread.join(SOON_S)
            assert not thread.is_alive()

    def _buys(self, student: str) -> None:
        HANDLED.set(f"event of {student}")
        try:
            self.service.allocate(purchase(f"p-{student}", student=student), cause_id=f"event of {student}")
        except Exception as exc:  # noqa: BLE001 - looked at by the test
            self.failed[student] = exc

    def _waiting(self) -> int:
        return sum(len(turnstile._waiting) for turnstile in self.service._waitlist._turnstiles.values())

    def _until(self, waiting: int) -> None:
        waited = threading.Event()
        for _ in range(int(SOON_S * 1000)):
            if self._waiting() == waiting:
                return
            waited.wait(0.001)
        raise AssertionError("in vain")


@pytest.fixture
def rush(town: Town) -> Rush:
    return Rush(town)


def causes(town: Town, *students: str) -> list[str]:
    return [town.stored(student).outbox[0]["headers"]["ce_causationid"] for student in students]


def test_one_look_at_the_queue_serves_all_who_came_meanwhile(town: Town, rush: Rush) -> None:
    town.hire("t1", capacity=9)

    rush.of("s1", "s2", "s3", "s4")

    assert rush.failed == {}
    assert town.trainers("s1", "s2", "s3", "s4") == ["t1"] * 4
    assert rush.allocations.looks == 1


def test_each_event_names_its_own_purchase_and_is_written_in_its_own_context(town: Town, rush: Rush) -> None:
    town.hire("t1", capacity=9)

    rush.of("s1", "s2", "s3")

    own = {student: f"event of {student}" for student in ("s1", "s2", "s3")}
    assert rush.allocations.handled == own
    assert causes(town, *own) == list(own.values())


def test_what_goes_wrong_for_one_student_fails_his_own_event_and_no_other(town: Town, rush: Rush) -> None:
    town.hire("t1", capacity=9)
    rush.allocations.failing["s2"] = RuntimeError("of s2 alone")

    rush.of("s1", "s2", "s3")

    assert [f"{student}: {exc}" for student, exc in rush.failed.items()] == ["s2: of s2 alone"]
    assert town.trainers("s1", "s2", "s3") == ["t1", None, "t1"]
    rush.service.allocate(purchase("p-s2", student="s2"), cause_id="event of s2")
    assert town.trainers("s2") == ["t1"]
    assert violations(at_rest=True, clock=town.clock) == []


def test_nobody_takes_the_last_seat_from_one_before_him_whose_claim_failed(town: Town, rush: Rush) -> None:
    town.hire("t1", capacity=2)
    rush.capacities.unlucky = "s2"

    rush.of("s1", "s2", "s3")

    assert town.trainers("s1", "s2", "s3") == ["t1", None, None]
    rush.service.allocate(purchase("p-s2", student="s2"), cause_id="event of s2")
    assert town.trainers("s1", "s2", "s3") == ["t1", "t1", None]


def test_whoever_is_behind_one_that_fails_is_served_all_the_same(town: Town, rush: Rush) -> None:
    town.hire("t1", capacity=9)
    rush.allocations.failing["s1"] = RuntimeError("of s1 alone")

    rush.of("s1", "s2", "s3")

    assert list(rush.failed) == ["s1"]
    assert town.trainers("s2", "s3") == ["t1", "t1"]


def test_those_for_whom_no_seat_is_left_wait_and_are_told_once(town: Town, rush: Rush) -> None:
    town.hire("t1", capacity=2)

    rush.of("s1", "s2", "s3", "s4")

    assert town.trainers("s1", "s2", "s3", "s4") == ["t1", "t1", None, None]
    for student in ("s3", "s4"):
        stored = town.stored(student)
        assert [entry["type"] for entry in stored.outbox] == ["ALLOCATION_WAITLISTED"]
        assert stored.claiming_until is None
    assert violations(at_rest=True, clock=town.clock) == []
