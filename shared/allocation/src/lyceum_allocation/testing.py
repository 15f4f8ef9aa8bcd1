"""For tests of whatever uses allocations: facts to feed in, and processes that die at a chosen step."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.keys import allocation_id
from lyceum_allocation.models import Allocation, TrainerCapacity
from lyceum_allocation.rules import Candidate, utilisation_milli
from lyceum_allocation.service import AllocationService
from lyceum_allocation.transitions import Change
from lyceum_contracts import PurchaseCreated, PurchaseRefunded
from lyceum_database.testing.stepping import Crash

PAID_AT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)


def purchase(purchase_id: str, *, student: str, course: str = "course-1", **fields: Any) -> PurchaseCreated:
    """Give a valid purchase of a course in English maths, but for the fields that are given."""
    defaults = {"subject": "math", "language": "en", "amount_minor": 4900, "currency": "EUR", "paid_at": PAID_AT}
    return PurchaseCreated(purchase_id=purchase_id, student_id=student, course_id=course, **{**defaults, **fields})


def refund(purchase_id: str, *, student: str, course: str = "course-1", full: bool = True) -> PurchaseRefunded:
    """Give a valid refund."""
    return PurchaseRefunded(
        purchase_id=purchase_id,
        student_id=student,
        course_id=course,
        full=full,
        reason="changed plans",
        refunded_at=PAID_AT,
    )


def trainer(trainer_id: str, *, capacity: int, skills: Sequence[str] = ("math|en",), **fields: Any) -> TrainerCapacity:
    """Give a trainer without students, but for the fields that are given, not yet stored."""
    idle = {"free": capacity, "util_milli": utilisation_milli(0, capacity)}
    return TrainerCapacity(id=trainer_id, skills=list(skills), capacity=capacity, **{**idle, **fields})


class Town:
    """A service and a clock that is set by hand; every look at the clock lets a millisecond pass."""

    def __init__(self, *, now: datetime = PAID_AT, **options: Any) -> None:
        self.now = now
        self.allocations = AllocationRepository(clock=self.clock)
        self.capacities = CapacityRepository(clock=self.clock)
        self.service = AllocationService(
            allocations=self.allocations,
            capacities=self.capacities,
            clock=self.clock,
            **{"random": Random(1), **options},
        )

    def clock(self) -> datetime:
        """Tell the time: nobody is recorded at the same moment as somebody else, so a queue has one order."""
        self.now += timedelta(milliseconds=1)
        return self.now

    def hire(self, trainer_id: str, *skills: str, capacity: int = 1, **fields: Any) -> None:
        """Store a trainer, of English maths unless skills are given."""
        self.capacities.insert(trainer(trainer_id, capacity=capacity, skills=skills or ("math|en",), **fields))

    def buys(self, student: str, **fields: Any) -> None:
        """Let a student buy the course."""
        self.service.allocate(purchase(f"p-{student}", student=student, **fields))

    def returns(self, student: str) -> None:
        """Let a student have his money back."""
        self.service.refund(refund(f"p-{student}", student=student))

    def after(self, waited: timedelta) -> int:
        """Let time pass, and sweep; tells how many students of the queues were seated."""
        self.now += waited
        return self.service.sweep()

    def stored(self, student: str) -> Allocation:
        """Read a student's allocation."""
        return self.allocations.get(allocation_id("default", student, "course-1"))

    def trainers(self, *students: str) -> list[str | None]:
        """Tell who serves, or last served, each of these students."""
        return [self.stored(student).trainer_id for student in students]


class CrashPlan:
    """Says at which of a process's writes it dies: before the write reaches the server, or after."""

    def __init__(self) -> None:
        self._left: int | None = None

    def arm(self, steps: int) -> None:
        """Die at the step with this number from now on; two steps per write, one before and one after."""
        self._left = steps

    def disarm(self) -> None:
        """Live on."""
        self._left = None

    def step(self) -> None:
        """Die if it is time."""
        if self._left is None:
            return
        if self._left == 0:
            self._left = None
            raise Crash
        self._left -= 1


class CrashingAllocations(AllocationRepository):
    """The real repository of a process that dies as planned."""

    def __init__(self, plan: CrashPlan, **options: Any) -> None:
        super().__init__(**options)
        self._plan = plan

    def write(self, seen: Allocation, change: Change, *, cause_id: str | None = None) -> bool:
        """Write, or die before or after it."""
        self._plan.step()
        written = super().write(seen, change, cause_id=cause_id)
        self._plan.step()
        return written


class CrashingCapacities(CapacityRepository):
    """The real repository of a process that dies as planned."""

    def __init__(self, plan: CrashPlan, **options: Any) -> None:
        super().__init__(**options)
        self._plan = plan

    def claim(self, candidate: Candidate, key: str, *, weight: int = 1) -> bool:
        """Claim, or die before or after it."""
        self._plan.step()
        claimed = super().claim(candidate, key, weight=weight)
        self._plan.step()
        return claimed

    def mark(self, seen: TrainerCapacity, *, active: bool, on_leave_until: datetime | None, actor: str) -> bool:
        """Mark, or die before or after it."""
        self._plan.step()
        marked = super().mark(seen, active=active, on_leave_until=on_leave_until, actor=actor)
        self._plan.step()
        return marked

    def release(self, seen: TrainerCapacity, key: str) -> bool:
        """Release, or die before or after it."""
        self._plan.step()
        released = super().release(seen, key)
        self._plan.step()
        return released
