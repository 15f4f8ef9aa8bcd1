"""What this program does with each event: parse, make one call, return."""

from collections.abc import Callable, Mapping
from functools import partial

from keylane import Handler, Message
from lyceum_allocation import AllocationService
from lyceum_contracts import PurchaseCreated, PurchaseRefunded
from lyceum_program.handling import judged, org_of

BeforeAttempt = Callable[[Message], None]


def purchase_created(service: AllocationService, message: Message) -> None:
    """Give the student a trainer, or a place in the queue."""
    purchase = PurchaseCreated.parse(message.data)
    service.allocate(purchase, org_id=org_of(message), cause_id=message.id)


def purchase_refunded(service: AllocationService, message: Message) -> None:
    """Take back what this purchase gave."""
    refund = PurchaseRefunded.parse(message.data)
    service.refund(refund, org_id=org_of(message), cause_id=message.id)


def bound(
    service: Callable[[], AllocationService], *, before_attempt: BeforeAttempt | None = None
) -> dict[str, Handler]:
    """Give the runtime its handlers; each asks for the service when it runs, and always gets the same one.

    Args:
        service: gives the process's service.
        before_attempt: called at the start of every attempt; what it raises fails the attempt. For rehearsing failures.
    """
    begin = before_attempt or _nothing
    return {event_type: judged(partial(_attempt, handle, service, begin)) for event_type, handle in HANDLERS.items()}


def _attempt(
    handle: Callable[[AllocationService, Message], None],
    service: Callable[[], AllocationService],
    before_attempt: BeforeAttempt,
    message: Message,
) -> None:
    before_attempt(message)
    handle(service(), message)


def _nothing(message: Message) -> None:
    """No rehearsal."""


HANDLERS: Mapping[str, Callable[[AllocationService, Message], None]] = {
    PurchaseCreated.type: purchase_created,
    PurchaseRefunded.type: purchase_refunded,
}
