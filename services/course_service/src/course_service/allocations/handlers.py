"""What this program does with each event of the allocation worker: parse, make one call, return."""

from collections.abc import Callable, Mapping
from functools import partial

from course_service.enrolments.service import EnrolmentService
from keylane import Handler, Message
from lyceum_contracts import (
    AllocationStarved,
    AllocationWaitlisted,
    TrainerAllocated,
    TrainerDeallocated,
    TrainerReallocated,
)
from lyceum_program.handling import judged, org_of


def trainer_allocated(enrolments: EnrolmentService, message: Message) -> None:
    """The student has a trainer."""
    enrolments.allocated(TrainerAllocated.parse(message.data), org_id=org_of(message))


def trainer_reallocated(enrolments: EnrolmentService, message: Message) -> None:
    """The student has another trainer."""
    enrolments.reallocated(TrainerReallocated.parse(message.data), org_id=org_of(message))


def trainer_deallocated(enrolments: EnrolmentService, message: Message) -> None:
    """The student has no trainer any more."""
    enrolments.deallocated(TrainerDeallocated.parse(message.data), org_id=org_of(message))


def allocation_waitlisted(enrolments: EnrolmentService, message: Message) -> None:
    """The student waits."""
    enrolments.waitlisted(AllocationWaitlisted.parse(message.data), org_id=org_of(message))


def allocation_starved(enrolments: EnrolmentService, message: Message) -> None:  # noqa: ARG001 - as its neighbours
    """That somebody has waited too long is for people who look after trainers; the student knows."""
    AllocationStarved.parse(message.data)


def bound(enrolments: EnrolmentService) -> dict[str, Handler]:
    """Give the runtime its handlers."""
    return {event_type: judged(partial(handle, enrolments)) for event_type, handle in HANDLERS.items()}


HANDLERS: Mapping[str, Callable[[EnrolmentService, Message], None]] = {
    TrainerAllocated.type: trainer_allocated,
    TrainerReallocated.type: trainer_reallocated,
    TrainerDeallocated.type: trainer_deallocated,
    AllocationWaitlisted.type: allocation_waitlisted,
    AllocationStarved.type: allocation_starved,
}
