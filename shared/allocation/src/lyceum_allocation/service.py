"""The use cases of allocation. One instance serves a process, from any number of threads."""

from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random

from lyceum_allocation.allocations import AllocationRepository, Queue
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.explanation import Explainer, Explanation
from lyceum_allocation.fairness import MOST_ALLOCATIONS, WEEK, Fairness, fairness
from lyceum_allocation.leaves import Leaves, Left
from lyceum_allocation.moves import Moves
from lyceum_allocation.patience import Patience
from lyceum_allocation.purchases import Purchases
from lyceum_allocation.seating import Seating
from lyceum_allocation.starvation import Starvation
from lyceum_allocation.states import MoveOutcome, MoveReason
from lyceum_allocation.survey import Survey
from lyceum_allocation.sweeping import Sweeper
from lyceum_allocation.views import VIEW_KEPT
from lyceum_allocation.waitlist import Waitlist
from lyceum_contracts import DEFAULT_ORG, PurchaseCreated, PurchaseRefunded
from lyceum_database import Clock, utc_now

RECONCILED_WITHIN = timedelta(minutes=1)
PAGES_PER_SHARE = 10
"""With a tick of five seconds: at most six reads a second."""


def _untold(_outcome: MoveOutcome) -> None:
    """Nobody wants to know how far it is."""


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
        view_kept: for how long trainers that were read for one student may be chosen among for the next; zero for not
            at all. Longer saves reads, and other processes' choices are seen later.
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
        view_kept: timedelta = VIEW_KEPT,
    ) -> None:
        self._allocations = allocations
        self._clock = clock
        patience = patience or Patience()
        self._seating = Seating(allocations=allocations, capacities=capacities, clock=clock, patience=patience)
        self._explainer = Explainer(allocations, clock=clock)
        self._waitlist = Waitlist(
            allocations=allocations,
            capacities=capacities,
            seating=self._seating,
            clock=clock,
            random=random or Random(),
            patience=patience,
            scarcity=scarcity,
            view_kept=view_kept,
        )
        self._purchases = Purchases(
            allocations=allocations, seating=self._seating, waitlist=self._waitlist, clock=clock, patience=patience
        )
        self._moves = Moves(allocations=allocations, waitlist=self._waitlist, clock=clock, patience=patience)
        self._leaves = Leaves(
            allocations=allocations,
            capacities=capacities,
            moves=self._moves,
            waitlist=self._waitlist,
            clock=clock,
            patience=patience,
        )
        self._sweeper = Sweeper(
            allocations=allocations,
            seating=self._seating,
            starvation=Starvation(allocations, clock=clock),
            waitlist=self._waitlist,
            leaves=self._leaves,
            clock=clock,
        )

    def allocate(self, purchase: PurchaseCreated, *, org_id: str = DEFAULT_ORG, cause_id: str | None = None) -> None:
        """Give the student a trainer, or a place in the queue of the skill.

        A new purchase drains the queue rather than claiming for itself, so it overtakes nobody.

        Args:
            purchase: what was bought.
            org_id: the organization that sold it.
            cause_id: id of the event that tells of it.
        """
        self._purchases.allocate(purchase, org_id=org_id, cause_id=cause_id)

    def refund(self, refund: PurchaseRefunded, *, org_id: str = DEFAULT_ORG, cause_id: str | None = None) -> None:
        """Take back the right that this one purchase gave, and give a seat that comes free to who waits for it.

        The refund may come before its purchase. A partial refund changes nothing.

        Args:
            refund: what was paid back.
            org_id: the organization that paid it.
            cause_id: id of the event that tells of it.
        """
        self._purchases.refund(refund, org_id=org_id, cause_id=cause_id)

    def move(
        self,
        allocation_id: str,
        *,
        reason: MoveReason,
        actor: str,
        override: bool = False,
        exclude_current: bool | None = None,
        from_trainer_id: str | None = None,
        cause_id: str | None = None,
    ) -> MoveOutcome:
        """Seek another trainer for a student; he keeps the present one, and his seat, until there is one.

        He stands at the end of the queue: whoever has no trainer goes first. If nobody is free he stays where he is,
        or waits for another trainer if his own has left for good. Calling it again while the student waits only looks
        again.

        Args:
            allocation_id: who is moved.
            reason: why; the event says so.
            actor: who wants it, kept in the history.
            override: move him although he was moved a short while ago, or often.
            exclude_current: never give him his present trainer again; by default after a complaint. This move never
                chooses him.
            from_trainer_id: do nothing if the student has another trainer by now.
            cause_id: id of the event that led to this.

        Raises:
            MoveRefused: he was moved too recently or too often.
            NotFound: there is no such allocation.
        """
        return self._moves.move(
            allocation_id,
            reason=reason,
            actor=actor,
            override=override,
            keeps_out=reason == MoveReason.COMPLAINT if exclude_current is None else exclude_current,
            from_trainer_id=from_trainer_id,
            cause_id=cause_id,
        )

    def leave(
        self,
        trainer_id: str,
        *,
        until: datetime | None = None,
        for_good: bool = False,
        actor: str,
        progress: Callable[[MoveOutcome], None] = _untold,
    ) -> Left:
        """Give a trainer nobody new, and move his students to others as far as somebody is free.

        The others keep him if he comes back, and are moved by the sweep when somebody comes free. If he leaves for good
        they wait for another trainer, in the order of the waitlist; until then he is the one they were told of, and
        their seats with him are kept. What a process does not finish, the sweep does.

        Args:
            trainer_id: who is away.
            until: when he is back.
            for_good: he never is.
            actor: who says so, kept in the students' history.
            progress: called with what became of each student, as it happens.

        Raises:
            LeaveInterrupted: storage failed after the trainer was marked; the sweep goes on.
            LeaveRefused: neither an end nor for good, both, or an end that is over.
            NotFound: there is no such trainer.
        """
        return self._leaves.leave(trainer_id, until=until, for_good=for_good, actor=actor, progress=progress)

    def come_back(self, trainer_id: str, *, actor: str) -> int:
        """Let a trainer have students again; those who still wait to leave him stay. Returns how many.

        Raises:
            NotFound: there is no such trainer.
        """
        return self._leaves.come_back(trainer_id, actor=actor)

    def drain(self, *, org_id: str, skill: str, cause_id: str | None = None) -> int:
        """Serve the queue of one skill; returns how many students were seated."""
        drained = self._waitlist.drain(Queue(org_id, skill), cause_id=cause_id)
        return len(drained.seated | self._waitlist.serve(drained.freed, cause_id=cause_id, org_id=org_id))

    def sweep(self) -> int:
        """Finish what died half-way and serve every queue; returns how many students of the queues were seated.

        For a timer: any number of processes may sweep at once.
        """
        return self._sweeper.sweep()

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
        return len(self._waitlist.serve(freed, cause_id=None))
