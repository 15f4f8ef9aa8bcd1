"""The use cases of allocation. One instance serves a process, from any number of threads."""

from collections.abc import Callable
from datetime import timedelta
from random import Random

from lyceum_allocation import transitions
from lyceum_allocation.allocations import AllocationRepository, Queue
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.explanation import Explainer, Explanation
from lyceum_allocation.fairness import MOST_ALLOCATIONS, WEEK, Fairness, fairness
from lyceum_allocation.keys import allocation_id
from lyceum_allocation.models import Allocation
from lyceum_allocation.patience import Patience
from lyceum_allocation.seating import Seating
from lyceum_allocation.starvation import Starvation
from lyceum_allocation.states import AllocationState
from lyceum_allocation.survey import Survey
from lyceum_allocation.transitions import Change
from lyceum_allocation.waitlist import Waitlist
from lyceum_contracts import DEFAULT_ORG, PurchaseCreated, PurchaseRefunded
from lyceum_database import Clock, utc_now

RECONCILED_WITHIN = timedelta(minutes=1)
PAGES_PER_SHARE = 10
"""With a tick of five seconds: at most six reads a second."""


class AllocationService:
    """Gives each paid student a trainer with a free seat, and takes back exactly what a refund undoes.

    Every method may be called again at any time, after a crash at any point and by any number of processes: the same
    purchase has one effect. Besides `Contended`, methods raise what storage raises (`Unavailable` above all).

    Args:
        allocations: the door to allocations.
        capacities: the door to trainers' capacity.
        clock: the current moment.
        random: draws among trainers of equal standing.
        patience: how often a compare-and-set is repeated.
        scarcity: keep versatile trainers for rare skills; pays near saturation, costs a little evenness.
    """

    def __init__(
        self,
        *,
        allocations: AllocationRepository,
        capacities: CapacityRepository,
        clock: Clock = utc_now,
        random: Random | None = None,
        patience: Patience | None = None,
        scarcity: bool = False,
    ) -> None:
        self._allocations = allocations
        self._clock = clock
        self._patience = patience or Patience()
        self._seating = Seating(allocations=allocations, capacities=capacities, clock=clock, patience=self._patience)
        self._explainer = Explainer(allocations, clock=clock)
        self._starvation = Starvation(allocations, clock=clock)
        self._waitlist = Waitlist(
            allocations=allocations,
            capacities=capacities,
            seating=self._seating,
            clock=clock,
            random=random or Random(),
            scarcity=scarcity,
        )

    def allocate(self, purchase: PurchaseCreated, *, org_id: str = DEFAULT_ORG, cause_id: str | None = None) -> None:
        """Give the student a trainer, or a place in the queue of the skill.

        A new purchase drains the queue rather than claiming for itself, so it overtakes nobody.

        Args:
            purchase: what was bought.
            org_id: the organization that sold it.
            cause_id: id of the event that tells of it.
        """
        allocation, is_new = self._record(
            _blank(org_id, purchase), lambda seen: transitions.grant(seen, purchase, self._clock()), cause_id
        )
        if allocation.epoch > 1 or not is_new:
            self._seating.settle([allocation], cause_id=cause_id)
            allocation = self._allocations.get(allocation.id)
        if allocation.state != AllocationState.PENDING:
            return
        seated = self._waitlist.drain(Queue(org_id, allocation.skill or ""), cause_id=cause_id)
        if allocation.id not in seated:
            self._tell_waiting(allocation.id, cause_id)

    def refund(self, refund: PurchaseRefunded, *, org_id: str = DEFAULT_ORG, cause_id: str | None = None) -> None:
        """Take back the right that this one purchase gave, and give a seat that comes free to who waits for it.

        The refund may come before its purchase. A partial refund changes nothing.

        Args:
            refund: what was paid back.
            org_id: the organization that paid it.
            cause_id: id of the event that tells of it.
        """
        if not refund.full:
            return
        allocation, _ = self._record(
            _blank(org_id, refund), lambda seen: transitions.revoke(seen, refund, self._clock()), cause_id
        )
        freed = self._seating.settle([allocation], cause_id=cause_id)
        for queue in self._allocations.queues(now=self._clock(), org_id=org_id, skills=freed) if freed else ():
            self._waitlist.drain(queue, cause_id=cause_id)

    def drain(self, *, org_id: str, skill: str, cause_id: str | None = None) -> int:
        """Serve the queue of one skill; returns how many students were seated."""
        return len(self._waitlist.drain(Queue(org_id, skill), cause_id=cause_id))

    def sweep(self) -> int:
        """Finish what died half-way and serve every queue; returns how many students of the queues were seated.

        For a timer: any number of processes may sweep at once.
        """
        last_id: str | None = None
        while page := self._allocations.pending(after_id=last_id):
            last_id = page[-1].id
            self._seating.settle(page, cause_id=None)
            self._starvation.tell(page)
        return sum(
            len(self._waitlist.drain(queue, cause_id=None)) for queue in self._allocations.queues(now=self._clock())
        )

    def reconcile(self) -> int:
        """Finish or give back every seat that a process left behind when it died; returns how many students got one.

        For an operator: it reads every seat, at once. Any number of processes may reconcile at once.
        """
        return self._drain_freed(self._seating.reconcile())

    def reconcile_due(self, *, older_than: timedelta = RECONCILED_WITHIN, pages: int = PAGES_PER_SHARE) -> int:
        """Reconcile a share of the seats: those of trainers at whom no process looked for a while.

        For a timer of a twelfth of `older_than`. Processes share the work: a trainer is looked at by whoever comes
        first. A seat that was left behind is found within `older_than` and one tick, within twice that if the process
        that looked at it dies over it, for up to 12,000 trainers per process; with more it takes longer, in proportion.

        Args:
            older_than: for how long nobody may have looked at a trainer.
            pages: most reads of 100 trainers in this call.

        Returns:
            How many students got a seat.
        """
        return self._drain_freed(self._seating.reconcile_due(not_since=self._clock() - older_than, pages=pages))

    def explain(self, allocation_id: str, *, org_id: str | None = None) -> Explanation:
        """Say why a student has his trainer, or why he has none, since when, and when he may expect one.

        Raises:
            NotFound: there is no such allocation, or it belongs to another organization.
        """
        return self._explainer.explain(self._allocations.get(allocation_id, org_id=org_id))

    def fairness(self) -> Fairness:
        """Reckon how evenly trainers are used and how long students wait; reads every trainer, for a timer."""
        now, survey = self._clock(), Survey()
        served = survey.assigned_since(now - WEEK, most=MOST_ALLOCATIONS)
        return fairness(survey.loads(), survey.waiting(), served, now=now)

    def _drain_freed(self, freed: set[str]) -> int:
        queues = self._allocations.queues(now=self._clock(), skills=freed) if freed else []
        return sum(len(self._waitlist.drain(queue, cause_id=None)) for queue in queues)

    def _record(
        self, blank: Allocation, decide: Callable[[Allocation], Change | None], cause_id: str | None
    ) -> tuple[Allocation, bool]:
        """Write a fact down, once. Also tells whether this call did it or found it done."""
        # A first purchase is the common case: it needs no read before its insert.
        seen = blank
        for repeat in self._patience.attempts(f"record on allocation {blank.id}"):
            if repeat:
                seen = self._allocations.get(blank.id)
            change = decide(seen)
            if change is None:
                return seen, False
            if self._allocations.write(seen, change, cause_id=cause_id):
                return seen, True
        raise AssertionError("attempts() raises Contended, it does not end")  # pragma: no cover

    def _tell_waiting(self, waiter_id: str, cause_id: str | None) -> None:
        for _ in self._patience.attempts(f"waitlist allocation {waiter_id}"):
            waiter = self._allocations.get(waiter_id)
            change = transitions.waitlist(waiter)
            if change is None or self._allocations.write(waiter, change, cause_id=cause_id):
                return


def _blank(org_id: str, fact: PurchaseCreated | PurchaseRefunded) -> Allocation:
    """An allocation of which nothing is known yet."""
    return Allocation(
        id=allocation_id(org_id, fact.student_id, fact.course_id),
        org_id=org_id,
        student_id=fact.student_id,
        course_id=fact.course_id,
    )
