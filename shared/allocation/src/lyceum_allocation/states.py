"""The states of an allocation, and why and with what outcome a student is moved."""

from enum import StrEnum


class AllocationState(StrEnum):
    """PENDING (also the waitlist) -> ASSIGNED <-> MOVING; any -> CANCELLED; CANCELLED -> PENDING on a new grant."""

    PENDING = "PENDING"
    ASSIGNED = "ASSIGNED"
    MOVING = "MOVING"
    """Another trainer is sought; the present one and his seat stay until there is one."""
    CANCELLED = "CANCELLED"
    """Also the tombstone of a purchase whose refund came first."""


WAITING_STATES: tuple[AllocationState, ...] = (AllocationState.PENDING, AllocationState.MOVING)
"""Those in which a student stands in a queue, all in one order: whoever has had no trainer who works for longest."""

UNSERVED_STATES: tuple[AllocationState, ...] = (AllocationState.PENDING, AllocationState.CANCELLED)
"""Those in which a student has no trainer; one who is named is a former one."""

SEATED_STATES: tuple[AllocationState, ...] = (AllocationState.ASSIGNED, AllocationState.MOVING)
"""Those in which a student was told of a trainer, who holds a seat for him."""


class MoveReason(StrEnum):
    """Why a student gets another trainer."""

    LEAVE = "leave"
    COMPLAINT = "complaint"
    ADMIN = "admin"
    OVERLOAD = "overload"


class MoveOutcome(StrEnum):
    """What came of a move."""

    MOVED = "moved"
    STAYED = "stayed"
    """Nobody was free: the student keeps his trainer."""
    WAITING = "waiting"
    """Nobody was free and his trainer has left for good: the student waits, the old seat is kept meanwhile."""
    NOTHING = "nothing"
    """The student has no trainer to be moved from, or not the one he was to be moved from."""
