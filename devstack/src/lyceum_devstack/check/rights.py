"""Whether everybody got what he is owed, and heard of it."""

from collections import Counter
from collections.abc import Iterator

from lyceum_devstack.check.case import Case
from lyceum_devstack.check.observation import Notice, SeenAllocation

ASSIGNED, WAITING, CANCELLED = "ASSIGNED", "PENDING", "CANCELLED"
_ALLOCATED, _WAITLISTED = "TRAINER_ALLOCATED", "ALLOCATION_WAITLISTED"


def forgotten(case: Case) -> Iterator[str]:
    """Name each enrolment with a valid purchase that has neither a suitable trainer nor a place in the queue."""
    found = {allocation.enrolment: allocation for allocation in case.seen.allocations}
    for enrolment, skill in case.expectation.owed.items():
        allocation = found.get(enrolment)
        if allocation is None:
            yield f"{enrolment} paid and has no allocation"
        elif allocation.state not in {ASSIGNED, WAITING}:
            yield f"{enrolment} paid and is {allocation.state}"
        elif allocation.skill != skill:
            yield f"{enrolment} asked for {skill} and is listed under {allocation.skill}"
        elif allocation.state == ASSIGNED and not _can_teach(case, allocation):
            yield f"{enrolment} asked for {skill} and has trainer {allocation.seat_of}, who does not offer it"


def _can_teach(case: Case, allocation: SeenAllocation) -> bool:
    trainer = case.expectation.trainers.get(allocation.seat_of or "")
    return trainer is not None and allocation.skill in trainer.skills


def undead(case: Case) -> Iterator[str]:
    """Name each enrolment without a valid purchase that still holds a seat or a place in the queue."""
    for allocation in case.seen.allocations:
        if allocation.enrolment in case.expectation.owed:
            continue
        if allocation.state != CANCELLED or allocation.seat_of:
            yield f"{allocation.enrolment} holds no purchase and is {allocation.state}"
        if allocation.enrolment not in case.expectation.ended:
            yield f"{allocation.enrolment} was never heard of"


def needless_waiting(case: Case) -> Iterator[str]:
    """Name each waiting student together with a trainer who could take him."""
    free = [
        (case.expectation.trainers[trainer.trainer_id], trainer.capacity - len(trainer.seats))
        for trainer in case.seen.trainers
        if trainer.trainer_id in case.expectation.trainers
    ]
    for allocation in case.seen.allocations:
        if allocation.state != WAITING:
            continue
        fitting = [trainer.trainer_id for trainer, seats in free if seats > 0 and allocation.skill in trainer.skills]
        if fitting:
            yield f"{allocation.enrolment} waits for {allocation.skill} while {fitting[0]} has a free seat"


def wrong_shares(case: Case) -> Iterator[str]:
    """Name each skill in which more or fewer students have a trainer than its seats allow."""
    seated = Counter(allocation.skill for allocation in case.seen.allocations if allocation.state == ASSIGNED)
    for skill, share in case.expectation.shares.items():
        if not share.least <= seated[skill] <= share.most:
            bounds = f"{share.least}" if share.least == share.most else f"{share.least} to {share.most}"
            yield f"{skill}: {seated[skill]} of {share.wanted} students have a trainer, and it should be {bounds}"


def unannounced(case: Case) -> Iterator[str]:
    """Name each allocation whose last announcement is not its present state."""
    last = {notice.allocation_id: notice for notice in case.seen.notices}
    for allocation in case.seen.allocations:
        problem = _unannounced(allocation, last.get(allocation.allocation_id))
        if problem:
            yield f"{allocation.enrolment}: {problem}"


def _unannounced(allocation: SeenAllocation, last: Notice | None) -> str:
    said = last.type if last else "nothing"
    if allocation.state == ASSIGNED and (said != _ALLOCATED or last is None or last.trainer_id != allocation.seat_of):
        return f"has trainer {allocation.seat_of}, and the last that was announced is {said}"
    if allocation.state == WAITING and said != _WAITLISTED:
        return f"waits, and the last that was announced is {said}"
    if allocation.state == CANCELLED and said == _ALLOCATED:
        return f"ended, and the last that was announced is {said}"
    return ""
