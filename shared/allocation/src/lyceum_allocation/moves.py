"""Moving a student to another trainer: the old seat is kept until the new one is the student's."""

from lyceum_allocation import moving
from lyceum_allocation.allocations import AllocationRepository, Queue
from lyceum_allocation.errors import MoveRefused
from lyceum_allocation.lease import Lease, lease_until
from lyceum_allocation.models import Allocation
from lyceum_allocation.patience import Patience
from lyceum_allocation.states import AllocationState, MoveOutcome, MoveReason
from lyceum_allocation.waitlist import Waitlist
from lyceum_database import Clock


class Moves:
    """Moves students. A student who is moved stands at the end of the queue: whoever has no trainer goes first."""

    def __init__(
        self, *, allocations: AllocationRepository, waitlist: Waitlist, clock: Clock, patience: Patience
    ) -> None:
        self._allocations = allocations
        self._waitlist = waitlist
        self._clock = clock
        self._patience = patience

    def move(
        self,
        allocation_id: str,
        *,
        reason: MoveReason,
        actor: str,
        override: bool,
        keeps_out: bool,
        from_trainer_id: str | None,
        cause_id: str | None,
    ) -> MoveOutcome:
        """See `AllocationService.move`."""
        moved = self._begin(allocation_id, reason, actor, override, keeps_out, from_trainer_id)
        if moved is None:
            return MoveOutcome.NOTHING
        seen, own = moved
        left = seen.trainer_id
        drained = self._waitlist.drain(Queue(seen.org_id, seen.skill or ""), cause_id=cause_id, own=own)
        self._waitlist.serve(drained.freed, cause_id=cause_id, org_id=seen.org_id)
        return _outcome(self._allocations.get(allocation_id), left)

    def _begin(
        self,
        allocation_id: str,
        reason: MoveReason,
        actor: str,
        override: bool,  # noqa: FBT001 - private, passed on as it came
        keeps_out: bool,  # noqa: FBT001 - private, passed on as it came
        from_trainer_id: str | None,
    ) -> tuple[Allocation, Lease | None] | None:
        """Write down that the student is moved; one who is being moved already is served without a lease."""
        for _ in self._patience.attempts(f"move allocation {allocation_id}"):
            seen = self._allocations.get(allocation_id)
            if from_trainer_id not in (None, seen.trainer_id):
                return None
            if seen.state == AllocationState.MOVING:
                kept_out = moving.keep_out(seen, reason, actor) if keeps_out else None
                if kept_out is None or self._allocations.write(seen, kept_out):
                    return seen, None
                continue
            now = self._clock()
            change = moving.begin(seen, reason, actor, keeps_out=keeps_out, now=now, until=lease_until(now))
            if change is None:
                return None
            refused = None if override else moving.refusal(seen, now)
            if refused:
                raise MoveRefused(refused)
            if self._allocations.write(seen, change):
                return seen, Lease(seen)
        raise AssertionError("attempts() raises Contended, it does not end")  # pragma: no cover


def _outcome(now: Allocation, left: str | None) -> MoveOutcome:
    if now.state == AllocationState.MOVING:
        return MoveOutcome.WAITING
    if now.state != AllocationState.ASSIGNED:
        return MoveOutcome.NOTHING
    return MoveOutcome.STAYED if now.trainer_id == left else MoveOutcome.MOVED
