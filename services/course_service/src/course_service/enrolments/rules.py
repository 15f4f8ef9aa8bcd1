"""What a fact does to an enrolment. Pure: each function says which fields to write, or None for nothing.

Every fact is joined: sets grow, and of what allocations tell the newest counts. So facts may come in any order.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from course_service.models import Enrolment
from course_service.states import EnrolmentStatus

MOST_GRANTS = 100
"""Purchases of one course by one student; an order that would be one more is not taken."""

Fields = Mapping[str, Any]


def granted(seen: Enrolment, *, paid: str | None, given_back: str | None, now: datetime) -> Fields | None:
    """Join a purchase that was paid, and one that was given back in full; a refund that came first is remembered."""
    grants = _with(seen.grants, paid)
    revoked = _with(seen.revoked, given_back)
    if (grants, revoked) == (list(seen.grants), list(seen.revoked)):
        return None
    fields: dict[str, Any] = {"grants": grants, "revoked": revoked, "status": standing(grants, revoked)}
    if seen.enrolled_at is None and fields["status"] is EnrolmentStatus.ACTIVE:
        fields["enrolled_at"] = now
    return fields


def standing(grants: list[str], revoked: list[str]) -> EnrolmentStatus:
    """Say whether there is access: while some grant is not revoked."""
    if set(grants) - set(revoked):
        return EnrolmentStatus.ACTIVE
    return EnrolmentStatus.ENDED if grants else EnrolmentStatus.NONE


def seated(seen: Enrolment, *, allocation_id: str, epoch: int, trainer_id: str, over: bool) -> Fields | None:
    """Join what was told of a trainer: the newest epoch counts, and in one epoch its end."""
    known = (seen.seat_epoch, seen.seat_over, seen.trainer_id or "")
    if (epoch, over, trainer_id) <= known:
        return None
    return {"allocation_id": allocation_id, "seat_epoch": epoch, "seat_over": over, "trainer_id": trainer_id}


def waitlisted(seen: Enrolment, *, allocation_id: str, epoch: int, since: datetime) -> Fields | None:
    """Join that the student was told to wait."""
    if epoch <= seen.waiting_epoch:
        return None
    return {"allocation_id": allocation_id, "waiting_epoch": epoch, "waiting_since": since}


def trainer_of(seen: Enrolment) -> str | None:
    """Name who serves the student now; while another one is sought that is the former one."""
    return None if seen.seat_over else seen.trainer_id


def waits_since(seen: Enrolment) -> datetime | None:
    """Say since when the student waits, for a trainer or for another one; None if he does not."""
    return seen.waiting_since if seen.waiting_epoch > seen.seat_epoch else None


def _with(ids: list[str], one: str | None) -> list[str]:
    """In order of ids, not of arrival: the same facts make the same document."""
    return sorted({*ids, *([] if one is None else [one])})
