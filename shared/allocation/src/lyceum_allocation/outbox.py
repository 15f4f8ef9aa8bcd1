"""What an allocation's change tells the world, as an entry of the document itself."""

from datetime import datetime

from keylane import trace_headers
from lyceum_contracts import Envelope, Event, OutboxEntry, derived_id, outbox_entry

SOURCE = "/allocation"


def entry(
    event: Event, *, aggregate_id: str, version: int, org_id: str, cause_id: str | None, now: datetime
) -> OutboxEntry:
    """Write an event down for the relay. The id follows from what changed, so a repeat repeats the id.

    It carries the trace of whoever decided: the event that follows belongs to the purchase's trace.
    """
    envelope = Envelope(
        id=derived_id(aggregate_id, version, event.type),
        source=SOURCE,
        time=now,
        org_id=org_id,
        causation_id=cause_id,
        traceparent=trace_headers().get("traceparent"),
    )
    return outbox_entry(event, envelope)
