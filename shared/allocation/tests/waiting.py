"""Students and trainers of one skill, and processes that meet at chosen moments."""

from collections.abc import Callable
from datetime import datetime
from random import Random
from typing import Any

from lyceum_allocation import (
    Allocation,
    AllocationRepository,
    AllocationService,
    AllocationState,
    CapacityRepository,
    allocation_id,
    transitions,
)
from lyceum_allocation.testing import (
    purchase,
    trainer,
)
from lyceum_allocation.transitions import Change
from lyceum_database import utc_now


class Meeting(AllocationRepository):
    """Lets something else happen right before a write that sets this state."""

    def __init__(self, before: str, happens: Callable[[], None]) -> None:
        super().__init__()
        self._before = before
        self._happens: Callable[[], None] | None = happens

    def write(self, seen: Allocation, change: Change, *, cause_id: str | None = None) -> bool:
        if change.fields.get("state") == self._before and self._happens is not None:
            happens, self._happens = self._happens, None
            happens()
        return super().write(seen, change, cause_id=cause_id)


def service(
    allocations: AllocationRepository | None = None, capacities: CapacityRepository | None = None
) -> AllocationService:
    return AllocationService(
        allocations=allocations or AllocationRepository(),
        capacities=capacities or CapacityRepository(),
        random=Random(1),
    )


def hire(trainer_id: str, capacity: int) -> None:
    CapacityRepository().insert(trainer(trainer_id, capacity=capacity))


def buy(*students: str, by: AllocationService | None = None, **wish: Any) -> None:
    """Let students buy one after the other, in moments that a stored one can tell apart: of one, any could be first."""
    for student in students:
        (by or service()).allocate(purchase(f"p-{student}", student=student, **wish))
        bought = utc_now()
        while utc_now() == bought:
            pass


def stored(student: str) -> Allocation:
    return AllocationRepository().get(allocation_id("default", student, "course-1"))


def states(*students: str) -> list[str]:
    return [stored(student).state for student in students]


def lease(student: str, until: datetime) -> None:
    assert AllocationRepository().write(stored(student), transitions.lease(until))


ASSIGNED, PENDING = AllocationState.ASSIGNED.value, AllocationState.PENDING.value
