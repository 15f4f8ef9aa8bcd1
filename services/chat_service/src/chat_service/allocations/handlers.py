"""What this program does with each event of the allocation worker: parse, make one call, return."""

from collections.abc import Callable, Mapping
from functools import partial

from chat_service.allocations.seating import Seating
from keylane import Handler, Message
from lyceum_contracts import (
    AllocationStarved,
    AllocationWaitlisted,
    TrainerAllocated,
    TrainerDeallocated,
    TrainerReallocated,
    parse_event,
)
from lyceum_program.handling import judged, org_of


def trainer_allocated(seating: Seating, message: Message) -> None:
    """The student has a trainer, and may talk to him."""
    seating.allocated(TrainerAllocated.parse(message.data), org_id=org_of(message))


def trainer_reallocated(seating: Seating, message: Message) -> None:
    """The student has another trainer, who takes over."""
    seating.reallocated(TrainerReallocated.parse(message.data), org_id=org_of(message))


def trainer_deallocated(seating: Seating, message: Message) -> None:
    """The student has no trainer any more, and nobody to talk to."""
    seating.deallocated(TrainerDeallocated.parse(message.data), org_id=org_of(message))


def nothing_changes(seating: Seating, message: Message) -> None:  # noqa: ARG001 - as its neighbours
    """While a student waits, his conversation stays as it is: nobody's yet, or the former trainer's."""
    parse_event(message.type, message.data)


def bound(seating: Seating) -> dict[str, Handler]:
    """Give the runtime its handlers."""
    return {event_type: judged(partial(handle, seating)) for event_type, handle in HANDLERS.items()}


HANDLERS: Mapping[str, Callable[[Seating, Message], None]] = {
    TrainerAllocated.type: trainer_allocated,
    TrainerReallocated.type: trainer_reallocated,
    TrainerDeallocated.type: trainer_deallocated,
    AllocationWaitlisted.type: nothing_changes,
    AllocationStarved.type: nothing_changes,
}
