"""The sweep: whatever died half-way is finished, and every queue is served."""

from lyceum_allocation.allocations import AllocationRepository
from lyceum_allocation.lease import is_running
from lyceum_allocation.leaves import Leaves
from lyceum_allocation.models import Allocation
from lyceum_allocation.seating import Seating
from lyceum_allocation.starvation import Starvation
from lyceum_allocation.states import WAITING_STATES, AllocationState
from lyceum_allocation.waitlist import Waitlist
from lyceum_database import Clock


class Sweeper:
    """Looks at everybody who waits, page by page. Any number of processes may sweep at once."""

    def __init__(
        self,
        *,
        allocations: AllocationRepository,
        seating: Seating,
        starvation: Starvation,
        waitlist: Waitlist,
        leaves: Leaves,
        clock: Clock,
    ) -> None:
        self._allocations = allocations
        self._seating = seating
        self._starvation = starvation
        self._waitlist = waitlist
        self._leaves = leaves
        self._clock = clock

    def sweep(self) -> int:
        """See `AllocationService.sweep`."""
        last_id: str | None = None
        abandoned: list[str] = []
        while page := self._allocations.pending(after_id=last_id):
            last_id = page[-1].id
            self._seating.settle(page, cause_id=None)
            self._starvation.tell(page)
            abandoned += [waiter.id for waiter in page if self._is_abandoned(waiter)]
        seated = self._serve()
        self._end_leases(abandoned)
        self._leaves.finish()
        return len(seated)

    def _serve(self) -> set[str]:
        seated = set[str]()
        for queue in self._allocations.queues(now=self._clock()):
            drained = self._waitlist.drain(queue, cause_id=None)
            seated |= drained.seated | self._waitlist.serve(drained.freed, cause_id=None, org_id=queue.org_id)
        return seated

    def _is_abandoned(self, waiter: Allocation) -> bool:
        """Tell whether nobody seeks a seat any more, though he said so, or for somebody who is being moved."""
        if waiter.claiming_until is None:
            return waiter.state == AllocationState.MOVING
        return not is_running(waiter.claiming_until, self._clock())

    def _end_leases(self, abandoned: list[str]) -> None:
        for waiter in self._allocations.by_id(abandoned).values():
            if waiter.state in WAITING_STATES and self._is_abandoned(waiter):
                self._waitlist.end(waiter)
