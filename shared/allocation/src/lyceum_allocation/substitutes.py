"""Who could take the students of trainers who are away: looked at once for all of a skill, not for each of them."""

from collections.abc import Callable

from lyceum_allocation.allocations import Queue
from lyceum_allocation.candidates import CandidatePool, wish_of
from lyceum_allocation.models import Allocation
from lyceum_database import Clock


class Substitutes:
    """The trainers who are free, as they were read at the first student of their skill; writes nothing."""

    def __init__(self, view: Callable[[Queue], CandidatePool], *, clock: Clock) -> None:
        self._view = view
        self._clock = clock
        self._views: dict[Queue, CandidatePool] = {}

    def is_one_for(self, student: Allocation) -> bool:
        """Tell whether anybody is free for a student; his trainer, who is away, is not."""
        queue, now = _queue_of(student), self._clock()
        if queue not in self._views:
            self._views[queue] = self._view(queue)
        return self._views[queue].best(wish_of(student, now), now) is not None

    def changed_by(self, student: Allocation) -> None:
        """Look anew at the trainers of a skill: a student of it was moved, or was not after all."""
        self._views.pop(_queue_of(student), None)


def _queue_of(student: Allocation) -> Queue:
    return Queue(student.org_id, student.skill or "")
