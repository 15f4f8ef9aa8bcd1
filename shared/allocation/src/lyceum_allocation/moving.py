"""What a move does to an allocation: step 6 of the protocol. Pure, as `transitions`."""

from datetime import datetime, timedelta

from lyceum_allocation.models import Allocation
from lyceum_allocation.states import AllocationState, MoveReason
from lyceum_allocation.transitions import AT_REST, Change, allocated

COOL_DOWN = timedelta(days=7)
"""Between two moves of one student: most courses meet weekly, and nobody can tell of a trainer before one lesson."""

MOST_MOVES = 3
"""Of one student in one course: whoever is not content with a fourth trainer needs a person, not a fifth one."""


def refusal(seen: Allocation, now: datetime) -> str | None:
    """Say in one line why this student is not moved without an override, or None."""
    if seen.moves >= MOST_MOVES:
        return f"allocation {seen.id} was moved {seen.moves} times, {MOST_MOVES} are allowed: override to move it again"
    if seen.moved_at is not None and now < seen.moved_at + COOL_DOWN:
        again = (seen.moved_at + COOL_DOWN).isoformat(timespec="minutes")
        return f"allocation {seen.id} was moved less than {COOL_DOWN.days} days ago: wait until {again} or override"
    return None


def begin(
    seen: Allocation, reason: MoveReason, actor: str, *, keeps_out: bool, now: datetime, until: datetime
) -> Change | None:
    """Seek another trainer at a new epoch, at the end of the queue; the old trainer and his seat stay meanwhile.

    Args:
        seen: who is moved.
        reason: why.
        actor: who wants it.
        keeps_out: never give the student his present trainer again.
        now: from when on he waits.
        until: end of the lease of whoever seeks.
    """
    if seen.state != AllocationState.ASSIGNED:
        return None
    fields = {
        "state": AllocationState.MOVING,
        "epoch": seen.epoch + 1,
        "move_reason": reason.value,
        "move_actor": actor,
        "waiting_since": now,
        "claiming_until": until,
        "lease_awaited": False,
    }
    if keeps_out and seen.trainer_id not in seen.excluded:
        fields["excluded"] = [*seen.excluded, seen.trainer_id]
    return Change(fields=fields, note=_note(seen, reason, actor))


def keep_out(seen: Allocation, reason: MoveReason, actor: str) -> Change | None:
    """Never give a student who is being moved already his present trainer again; his place in the queue stays."""
    if seen.state != AllocationState.MOVING or seen.trainer_id in seen.excluded:
        return None
    fields = {
        "excluded": [*seen.excluded, seen.trainer_id],
        "move_reason": reason.value,
        "move_actor": actor,
    }
    return Change(fields=fields, note=_note(seen, reason, actor))


def give_up(seen: Allocation, now: datetime) -> Change | None:
    """Stay with the old trainer; a student who was told that he waits is told that this is over."""
    if seen.state != AllocationState.MOVING:
        return None
    events = (allocated(seen, seen.trainer_id or "", now),) if seen.waitlisted_epoch == seen.epoch else ()
    note = {"what": "stayed", "trainer_id": seen.trainer_id}
    return Change(fields={"state": AllocationState.ASSIGNED, **AT_REST}, events=events, note=note)


def _note(seen: Allocation, reason: MoveReason, actor: str) -> dict[str, str | None]:
    return {"what": "moving", "from_trainer_id": seen.trainer_id, "reason": reason.value, "actor": actor}
