"""Events as entries of documents, for the relay to publish."""

from datetime import datetime

from keylane import trace_headers
from lyceum_contracts import Envelope, Event, OutboxEntry, derived_id, outbox_entry
from lyceum_web import correlation

SOURCE = "/chat-service"


def entry(
    event: Event, *, aggregate_id: str, version: int, org_id: str, now: datetime, cause_id: str | None = None
) -> OutboxEntry:
    """Write an event down; its id follows from the aggregate and the version it reached, so a repeat repeats it.

    It carries the correlation id and the trace of the request that brought the change about.
    """
    request = correlation.current()
    envelope = Envelope(
        id=derived_id(aggregate_id, version, event.type),
        source=SOURCE,
        time=now,
        org_id=org_id,
        correlation_id=None if request is None else request.correlation_id,
        causation_id=cause_id,
        traceparent=trace_headers().get("traceparent"),
    )
    return outbox_entry(event, envelope)
