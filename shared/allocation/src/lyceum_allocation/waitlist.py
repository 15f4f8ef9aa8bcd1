"""Draining a waitlist: whoever waits longest for a skill is served first, whoever drains."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random

from lyceum_allocation.allocations import AllocationRepository, Queue
from lyceum_allocation.capacities import CapacityRepository
from lyceum_allocation.errand import Errand
from lyceum_allocation.lease import LEASE, Lease
from lyceum_allocation.models import Allocation
from lyceum_allocation.patience import Patience
from lyceum_allocation.seating import Seating
from lyceum_allocation.substitutes import Substitutes
from lyceum_allocation.turn import Turn
from lyceum_allocation.turnstile import Turnstile
from lyceum_allocation.views import VIEW_KEPT, RecentViews
from lyceum_database import Clock

__all__ = ["LEASE", "Drained", "Lease", "Waitlist"]

MOST_TURNSTILES = 10_000
"""Of one queue each: whoever sends made-up skills fills no memory."""


@dataclass(slots=True)
class Drained:
    """What draining did: the allocations seated, and the skills of trainers who have a seat more now."""

    seated: set[str] = field(default_factory=set)
    freed: set[str] = field(default_factory=set)


class Waitlist:
    """Serves the queue of a skill in order. Any number of processes may drain the same queue.

    A student with a running lease is being served by another process: a seat that he could take is left for him. If
    none is left for somebody further back, this process leaves a note on that lease and stops; who holds it looks
    again when he is done. A student is in the queue, and a seat is free, before anybody looks: so no seat is left
    beside a student whom it fits, unless a process dies. See `lyceum_allocation.protocol.queue`.
    """

    def __init__(
        self,
        *,
        allocations: AllocationRepository,
        capacities: CapacityRepository,
        seating: Seating,
        clock: Clock,
        random: Random,
        patience: Patience,
        scarcity: bool,
        view_kept: timedelta = VIEW_KEPT,
    ) -> None:
        self._allocations = allocations
        self._capacities = capacities
        self._seating = seating
        self._clock = clock
        self._patience = patience
        self._views = RecentViews(capacities, kept=view_kept, random=random, scarcity=scarcity)
        self._turnstiles: dict[Queue, Turnstile[Errand]] = {}

    def drain(self, queue: Queue, *, cause_id: str | None, own: Lease | None = None) -> Drained:
        """Give free seats of a skill to those who wait for it.

        Args:
            queue: whom to serve.
            cause_id: id of the event that led to this.
            own: a lease in this queue that the caller has written already; it is ended here.
        """
        errand = None if own is None else Errand(own, cause_id=cause_id)
        drained, turn = Drained(), self._turn(cause_id, errand)
        to_drain = {queue}
        while to_drain:
            queue = to_drain.pop()
            # One thread of a process serves everybody; several would only take the same trainers from each other.
            with self._turnstile(queue).passed(self._place(turn.own), _handed_over(turn.own)) as behind:
                if turn.own is not None and turn.own.is_over():
                    return drained
                turn.take(queue, pool := self._views.of(queue), behind)
                self._views.keep(queue, pool)
            to_drain |= turn.look_again
            turn.look_again.clear()
            turn.is_owing = True
            if turn.freed & {queue.skill}:
                to_drain.add(queue)
            drained.freed |= turn.freed - {queue.skill}
            turn.freed.clear()
        drained.seated = turn.seated
        return drained

    def serve(self, freed: Iterable[str], *, cause_id: str | None, org_id: str | None = None) -> set[str]:
        """Give seats of these skills, and whatever comes free by that, to those who wait; returns who was seated."""
        to_serve, seated = set(freed), set[str]()
        while to_serve:
            queues = self._allocations.queues(now=self._clock(), org_id=org_id, skills=to_serve)
            drains = [self.drain(queue, cause_id=cause_id) for queue in queues]
            to_serve = {skill for drained in drains for skill in drained.freed}
            seated.update(allocation for drained in drains for allocation in drained.seated)
        return seated

    def end(self, abandoned: Allocation) -> None:
        """End a lease whose holder died: the student waits like everybody, or his move is given up."""
        turn = self._turn(None, None)
        turn.let_wait(abandoned)
        for queue in turn.look_again:
            self.serve(self.drain(queue, cause_id=None).freed, cause_id=None, org_id=queue.org_id)

    def substitutes(self) -> Substitutes:
        """Begin a look at who could take students of trainers who are away."""
        return Substitutes(self._views.new, clock=self._clock)

    def _turn(self, cause_id: str | None, own: Errand | None) -> Turn:
        return Turn(
            allocations=self._allocations,
            capacities=self._capacities,
            seating=self._seating,
            clock=self._clock,
            patience=self._patience,
            cause_id=cause_id,
            own=own,
        )

    def _turnstile(self, queue: Queue) -> Turnstile[Errand]:
        if queue not in self._turnstiles and len(self._turnstiles) >= MOST_TURNSTILES:
            # Whoever is in one goes on; somebody else may meet him in the queue once, as another process might.
            self._turnstiles.clear()
        return self._turnstiles.setdefault(queue, Turnstile())

    def _place(self, own: Errand | None) -> tuple[int, datetime]:
        """Say where a turn stands among those of this process: where its student stands in the queue."""
        if own is None or own.lease.allocation.waiting_since is None:
            return 0, self._clock()
        return own.lease.allocation.priority, own.lease.allocation.waiting_since


def _handed_over(own: Errand | None) -> Errand | None:
    """What a thread leaves to whoever is there before it: a seat to be claimed, not one that may have been already."""
    return own if own is not None and own.lease.is_fresh else None
