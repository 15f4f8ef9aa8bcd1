"""What this program does with each event of the allocation worker: parse, make one call, return."""

from collections.abc import Callable, Mapping
from functools import partial

from course_service.enrolments.service import EnrolmentService
from keylane import Fatal, Handler, Message, Retry
from lyceum_contracts import (
    DEFAULT_ORG,
    AllocationStarved,
    AllocationWaitlisted,
    ContractError,
    TrainerAllocated,
    TrainerDeallocated,
    TrainerReallocated,
)
from lyceum_database import Contended, InvalidRecord, StaleVersion, is_id


def trainer_allocated(enrolments: EnrolmentService, message: Message) -> None:
    """The student has a trainer."""
    enrolments.allocated(TrainerAllocated.parse(message.data), org_id=_org_of(message))


def trainer_reallocated(enrolments: EnrolmentService, message: Message) -> None:
    """The student has another trainer."""
    enrolments.reallocated(TrainerReallocated.parse(message.data), org_id=_org_of(message))


def trainer_deallocated(enrolments: EnrolmentService, message: Message) -> None:
    """The student has no trainer any more."""
    enrolments.deallocated(TrainerDeallocated.parse(message.data), org_id=_org_of(message))


def allocation_waitlisted(enrolments: EnrolmentService, message: Message) -> None:
    """The student waits."""
    enrolments.waitlisted(AllocationWaitlisted.parse(message.data), org_id=_org_of(message))


def allocation_starved(enrolments: EnrolmentService, message: Message) -> None:  # noqa: ARG001 - as its neighbours
    """That somebody has waited too long is for people who look after trainers; the student knows."""
    AllocationStarved.parse(message.data)


def bound(enrolments: EnrolmentService) -> dict[str, Handler]:
    """Give the runtime its handlers."""
    return {event_type: partial(_attempt, handle, enrolments) for event_type, handle in HANDLERS.items()}


def verdict(error: Exception) -> Exception:
    """Say what an error means to the runtime: the one table from error class to outcome.

    - the event broke its contract, or asks for a document that cannot be: the dead letters at once, with the field
    - too many writers at one document: again soon, not counted
    - everything else: as it is; outages are repeated uncounted, the rest are failed attempts
    """
    if isinstance(error, ContractError | InvalidRecord):
        return Fatal(str(error))
    if isinstance(error, Contended | StaleVersion):
        return Retry(str(error), counted=False)
    return error


def _attempt(
    handle: Callable[[EnrolmentService, Message], None], enrolments: EnrolmentService, message: Message
) -> None:
    try:
        handle(enrolments, message)
    except Exception as exc:
        outcome = verdict(exc)
        if outcome is exc:
            raise
        raise outcome from exc


def _org_of(message: Message) -> str:
    org_id = message.headers.get("ce_orgid", DEFAULT_ORG.encode()).decode(errors="replace")
    if not is_id(org_id):
        raise ContractError(message.type, "ce_orgid", f"{org_id!r} is no id")
    return org_id


HANDLERS: Mapping[str, Callable[[EnrolmentService, Message], None]] = {
    TrainerAllocated.type: trainer_allocated,
    TrainerReallocated.type: trainer_reallocated,
    TrainerDeallocated.type: trainer_deallocated,
    AllocationWaitlisted.type: allocation_waitlisted,
    AllocationStarved.type: allocation_starved,
}
