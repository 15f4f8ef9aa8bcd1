"""What this program does with each event: parse, make one call, return."""

from collections.abc import Callable, Mapping
from functools import partial

from allocation_worker.errors import verdict
from keylane import Handler, Message
from lyceum_allocation import AllocationService
from lyceum_contracts import DEFAULT_ORG, ContractError, PurchaseCreated, PurchaseRefunded
from lyceum_database import is_id

BeforeAttempt = Callable[[Message], None]


def purchase_created(service: AllocationService, message: Message) -> None:
    """Give the student a trainer, or a place in the queue."""
    purchase = PurchaseCreated.parse(message.data)
    service.allocate(purchase, org_id=_org_of(message), cause_id=message.id)


def purchase_refunded(service: AllocationService, message: Message) -> None:
    """Take back what this purchase gave."""
    refund = PurchaseRefunded.parse(message.data)
    service.refund(refund, org_id=_org_of(message), cause_id=message.id)


def bound(
    service: Callable[[], AllocationService], *, before_attempt: BeforeAttempt | None = None
) -> dict[str, Handler]:
    """Give the runtime its handlers; each asks for the service when it runs, and always gets the same one.

    Args:
        service: gives the process's service.
        before_attempt: called at the start of every attempt; what it raises fails the attempt. For rehearsing failures.
    """
    return {
        event_type: partial(_attempt, handle, service, before_attempt or _nothing)
        for event_type, handle in HANDLERS.items()
    }


def _attempt(
    handle: Callable[[AllocationService, Message], None],
    service: Callable[[], AllocationService],
    before_attempt: BeforeAttempt,
    message: Message,
) -> None:
    try:
        before_attempt(message)
        handle(service(), message)
    except Exception as exc:
        outcome = verdict(exc)
        if outcome is exc:
            raise
        raise outcome from exc


def _nothing(message: Message) -> None:
    """No rehearsal."""


def _org_of(message: Message) -> str:
    org_id = message.headers.get("ce_orgid", DEFAULT_ORG.encode()).decode(errors="replace")
    if not is_id(org_id):
        raise ContractError(message.type, "ce_orgid", f"{org_id!r} is no id")
    return org_id


HANDLERS: Mapping[str, Callable[[AllocationService, Message], None]] = {
    PurchaseCreated.type: purchase_created,
    PurchaseRefunded.type: purchase_refunded,
}
