"""The states of an allocation."""

from enum import StrEnum


class AllocationState(StrEnum):
    """PENDING (also the waitlist) -> ASSIGNED; any -> CANCELLED; CANCELLED -> PENDING on a new grant."""

    PENDING = "PENDING"
    ASSIGNED = "ASSIGNED"
    CANCELLED = "CANCELLED"
    """Also the tombstone of a purchase whose refund came first."""


WAITING_STATES: tuple[AllocationState, ...] = (AllocationState.PENDING,)
"""Those in which a student stands in a queue."""

UNSERVED_STATES: tuple[AllocationState, ...] = (AllocationState.PENDING, AllocationState.CANCELLED)
"""Those in which a student has no trainer; one who is named is a former one."""
