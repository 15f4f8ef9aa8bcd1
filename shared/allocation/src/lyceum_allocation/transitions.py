"""What each fact does to an allocation. Pure: each function reads a snapshot and says what to write, or None.

The numbers are the steps of the protocol, see `lyceum_allocation.protocol`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lyceum_allocation.keys import skill
from lyceum_allocation.models import Allocation
from lyceum_allocation.states import SEATED_STATES, WAITING_STATES, AllocationState
from lyceum_contracts import (
    AllocationWaitlisted,
    Event,
    PurchaseCreated,
    PurchaseRefunded,
    TrainerAllocated,
    TrainerDeallocated,
    TrainerReallocated,
)

AT_REST: Mapping[str, Any] = {"waiting_since": None, "claiming_until": None, "lease_awaited": False}
"""What is written when nothing is sought any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One write to one allocation: fields, the events that report it, and a line of its history."""

    fields: Mapping[str, Any]
    events: tuple[Event, ...] = ()
    note: Mapping[str, Any] = field(default_factory=dict)


def grant(seen: Allocation, purchase: PurchaseCreated, now: datetime, until: datetime | None = None) -> Change | None:
    """Step 1: a purchase gives the right to a trainer, unless its refund came first or it is known already.

    Whoever writes it down seeks the seat under a lease that lasts `until`, if it gives the right to a new one.
    """
    if purchase.purchase_id in seen.revoked or purchase.purchase_id in seen.grants:
        return None
    fields: dict[str, Any] = {"grants": [*seen.grants, purchase.purchase_id]}
    if seen.state == AllocationState.CANCELLED:
        fields |= {
            "state": AllocationState.PENDING,
            "epoch": seen.epoch + 1,
            "subject": purchase.subject,
            "language": purchase.language,
            "skill": skill(purchase.subject, purchase.language),
            **_second_choice(purchase),
            "wants": list(purchase.wants),
            "waiting_since": now,
            "claiming_until": until,
            "lease_awaited": False,
        }
    return Change(fields=fields, note={"what": "granted", "purchase_id": purchase.purchase_id})


def lease(until: datetime) -> Change:
    """Step 2, courtesy: tell other processes that a seat for this allocation is being sought."""
    return Change(fields={"claiming_until": until})


def leave_a_note() -> Change:
    """Step 2: whoever holds the lease looks again when he is done."""
    return Change(fields={"lease_awaited": True})


def end_lease(seen: Allocation) -> Change | None:
    """Step 2, nobody free: nobody seeks any more; the student is told that he waits, once per epoch."""
    fields = {"claiming_until": None, "lease_awaited": False}
    if seen.state not in WAITING_STATES:
        return None
    if seen.waitlisted_epoch == seen.epoch:
        return Change(fields=fields) if seen.claiming_until or seen.lease_awaited else None
    event = AllocationWaitlisted(
        **subject_of(seen), subject=seen.subject, language=seen.language, waiting_since=seen.waiting_since
    )
    return Change(fields={**fields, "waitlisted_epoch": seen.epoch}, events=(event,), note={"what": "waitlisted"})


def confirm(
    seen: Allocation, trainer_id: str, epoch: int, now: datetime, decision: Mapping[str, Any] | None = None
) -> Change | None:
    """Step 3: the seat exists, so the student may be told, if this epoch still seeks one.

    `decision` is what the trainer was chosen by, see `choice`; it stays with the allocation, its scores also in the
    history. A seat that a predecessor claimed has none: what he knew died with him.
    """
    if not seeks(seen, epoch):
        return None
    fields = {
        "state": AllocationState.ASSIGNED,
        "trainer_id": trainer_id,
        "seat_epoch": epoch,
        "assigned_at": now,
        "decision": {**(decision or {}), "waited_s": _waited_s(seen, now)},
        **AT_REST,
    }
    conceded = tuple((decision or {}).get("conceded", ()))
    told, more, note = (
        _told_of_a_move(seen, trainer_id, now, conceded)
        if seen.state == AllocationState.MOVING
        else (allocated(seen, trainer_id, now, conceded), {}, {"what": "assigned", "trainer_id": trainer_id})
    )
    scores = (decision or {}).get("scores", {})
    return Change(fields={**fields, **more}, events=(told,), note={**note, **scores})


def revoke(seen: Allocation, refund: PurchaseRefunded, now: datetime) -> Change | None:
    """Step 5: a full refund takes its own grant back, for ever, and only its own."""
    if refund.purchase_id in seen.revoked:
        return None
    left = [purchase_id for purchase_id in seen.grants if purchase_id != refund.purchase_id]
    fields: dict[str, Any] = {"grants": left, "revoked": [*seen.revoked, refund.purchase_id]}
    events: tuple[Event, ...] = ()
    if not left and seen.state != AllocationState.CANCELLED:
        fields |= {"state": AllocationState.CANCELLED, "waiting_since": None, "claiming_until": None}
        if seen.state in SEATED_STATES:
            events = (
                TrainerDeallocated(**subject_of(seen), trainer_id=seen.trainer_id, cause="refund", deallocated_at=now),
            )
    return Change(fields=fields, events=events, note={"what": "revoked", "purchase_id": refund.purchase_id})


def holds(seen: Allocation, trainer_id: str, epoch: int) -> bool:
    """Tell whether the student was told of exactly this seat; during a move that is the old one."""
    return seen.state in SEATED_STATES and (seen.trainer_id, seen.seat_epoch) == (trainer_id, epoch)


def seeks(seen: Allocation, epoch: int) -> bool:
    """Tell whether a seat of this epoch may still become the student's."""
    return seen.state in WAITING_STATES and seen.epoch == epoch


def is_dead(seen: Allocation, trainer_id: str, epoch: int) -> bool:
    """Tell whether this seat is nobody's and stays so, however old the read is: then it may be given back.

    A seat of an epoch that was read, neither held nor sought, is dead for ever: the epoch never falls, and an
    allocation never returns to PENDING or MOVING at an epoch that it left. Of an epoch that began after the read
    nothing is known: its seat may be the one that the student has been told of since.
    """
    return epoch <= seen.epoch and not seeks(seen, epoch) and not holds(seen, trainer_id, epoch)


def allocated(seen: Allocation, trainer_id: str, now: datetime, conceded: tuple[str, ...] = ()) -> TrainerAllocated:
    """Tell that the student has this trainer, who may lack something that the student gave up."""
    return TrainerAllocated(
        **subject_of(seen),
        trainer_id=trainer_id,
        subject=seen.subject,
        language=seen.language,
        purchase_ids=tuple(seen.grants),
        allocated_at=now,
        **_if_any(conceded),
    )


def subject_of(seen: Allocation) -> dict[str, Any]:
    """Give what every event says about its allocation."""
    return {
        "allocation_id": seen.id,
        "epoch": seen.epoch,
        "student_id": seen.student_id,
        "course_id": seen.course_id,
    }


def _if_any(conceded: tuple[str, ...]) -> dict[str, Any]:
    # An optional field that says nothing is left out of the event.
    return {"conceded": conceded} if conceded else {}


def _told_of_a_move(
    seen: Allocation, trainer_id: str, now: datetime, conceded: tuple[str, ...]
) -> tuple[TrainerReallocated, dict[str, Any], dict[str, Any]]:
    event = TrainerReallocated(
        **subject_of(seen),
        from_trainer_id=seen.trainer_id,
        to_trainer_id=trainer_id,
        cause=seen.move_reason,
        reallocated_at=now,
        **_if_any(conceded),
    )
    fields = {"moves": seen.moves + 1, "moved_at": now}
    note = {"what": "moved", "trainer_id": trainer_id, "from_trainer_id": seen.trainer_id}
    return event, fields, {**note, "reason": seen.move_reason, "actor": seen.move_actor}


def _waited_s(seen: Allocation, now: datetime) -> int:
    return 0 if seen.waiting_since is None else max(0, int((now - seen.waiting_since).total_seconds()))


def _second_choice(purchase: PurchaseCreated) -> dict[str, str | None]:
    """What the student accepts after a long wait; the same language a second time is no choice."""
    language = purchase.second_language
    second_skill = None if language is None else skill(purchase.subject, language)
    if second_skill == skill(purchase.subject, purchase.language):
        language = second_skill = None
    return {"second_language": language, "second_skill": second_skill}
