"""What purchases and refunds do: the fact is written down first, then seats follow it (steps 1 and 5)."""

from collections.abc import Callable
from datetime import datetime

from lyceum_allocation import transitions
from lyceum_allocation.allocations import AllocationRepository, Queue
from lyceum_allocation.keys import allocation_id
from lyceum_allocation.lease import Lease, lease_until
from lyceum_allocation.models import Allocation
from lyceum_allocation.patience import Patience
from lyceum_allocation.seating import Seating
from lyceum_allocation.states import AllocationState
from lyceum_allocation.transitions import Change
from lyceum_allocation.waitlist import Waitlist
from lyceum_contracts import PurchaseCreated, PurchaseRefunded
from lyceum_database import Clock


class Purchases:
    """Grants and revocations. Each fact has one effect, however often and in whatever order it is told."""

    def __init__(
        self,
        *,
        allocations: AllocationRepository,
        seating: Seating,
        waitlist: Waitlist,
        clock: Clock,
        patience: Patience,
    ) -> None:
        self._allocations = allocations
        self._seating = seating
        self._waitlist = waitlist
        self._clock = clock
        self._patience = patience

    def allocate(self, purchase: PurchaseCreated, *, org_id: str, cause_id: str | None) -> None:
        """See `AllocationService.allocate`."""
        until = lease_until(self._clock())
        allocation, is_new = self._record(
            _blank(org_id, purchase), lambda seen: transitions.grant(seen, purchase, self._clock(), until), cause_id
        )
        freed: set[str] = set()
        own = Lease(allocation) if is_new and _begins(allocation, until) else None
        if allocation.epoch > 1 or own is None:
            freed = self._seating.settle([allocation], cause_id=cause_id)
        if own is None:
            allocation = self._allocations.get(allocation.id)
            own = None if is_new else self._taken_over(allocation)
        if allocation.state == AllocationState.PENDING:
            queue = Queue(org_id, allocation.skill or "")
            freed |= self._waitlist.drain(queue, cause_id=cause_id, own=own).freed
        self._waitlist.serve(freed, cause_id=cause_id, org_id=org_id)

    def refund(self, refund: PurchaseRefunded, *, org_id: str, cause_id: str | None) -> None:
        """See `AllocationService.refund`."""
        if not refund.full:
            return
        allocation, _ = self._record(
            _blank(org_id, refund),
            lambda seen: transitions.revoke(seen, refund, self._clock()),
            cause_id,
            is_known=True,
        )
        freed = self._seating.settle([allocation], cause_id=cause_id)
        self._waitlist.serve(freed, cause_id=cause_id, org_id=org_id)

    def _record(
        self,
        blank: Allocation,
        decide: Callable[[Allocation], Change | None],
        cause_id: str | None,
        *,
        is_known: bool = False,
    ) -> tuple[Allocation, bool]:
        """Write a fact down, once. Also tells whether this call did it or found it done.

        What is probably known is read before it is written; a first purchase needs no read before its insert.
        """
        seen = blank
        for repeat in self._patience.attempts(f"record on allocation {blank.id}"):
            if repeat or is_known:
                seen = self._allocations.find(blank.id) or blank
            change = decide(seen)
            if change is None:
                return seen, False
            if self._allocations.write(seen, change, cause_id=cause_id):
                return seen, True
        raise AssertionError("attempts() raises Contended, it does not end")  # pragma: no cover

    def _taken_over(self, seen: Allocation) -> Lease | None:
        """Take over the lease under which this very event was handled before: its handler died."""
        if seen.state != AllocationState.PENDING or seen.claiming_until is None:
            return None
        written = self._allocations.write(seen, transitions.lease(lease_until(self._clock())))
        return Lease(seen, is_fresh=False) if written else None


def _begins(allocation: Allocation, until: datetime) -> bool:
    """Tell whether a purchase began an epoch, with a lease until then."""
    return allocation.state == AllocationState.PENDING and allocation.claiming_until == until


def _blank(org_id: str, fact: PurchaseCreated | PurchaseRefunded) -> Allocation:
    """An allocation of which nothing is known yet."""
    return Allocation(
        id=allocation_id(org_id, fact.student_id, fact.course_id),
        org_id=org_id,
        student_id=fact.student_id,
        course_id=fact.course_id,
    )
