"""Where in the queue somebody stands who waits for a trainer: a read of what the allocation worker keeps."""

from lyceum_allocation import AllocationRepository
from lyceum_allocation.allocations import Position, queues_of
from lyceum_allocation.states import WAITING_STATES
from lyceum_database import Clock, utc_now


class Waitlist:
    """Places in the queues for trainers."""

    def __init__(self, allocations: AllocationRepository, *, clock: Clock = utc_now) -> None:
        self._allocations = allocations
        self._clock = clock

    def position(self, allocation_id: str, *, org_id: str) -> int | None:
        """Return the place, 1 for the head of the queue, the best of several; None for whoever does not wait."""
        waiter = self._allocations.find(allocation_id, org_id=org_id)
        if waiter is None or waiter.state not in WAITING_STATES:
            return None
        now, place = self._clock(), Position.of(waiter)
        ahead = [self._allocations.ahead(queue, place, now=now) for queue in queues_of(waiter, now)]
        return 1 + min(ahead) if ahead else None
