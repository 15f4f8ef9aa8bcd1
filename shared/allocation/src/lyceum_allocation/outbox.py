"""Events as entries of the document whose change they report: one write, so neither exists without the other."""

from datetime import datetime
from typing import Any

from keylane import trace_headers
from lyceum_contracts import Envelope, Event, derived_id, encode

SOURCE = "/allocation"


def entry(
    event: Event, *, aggregate_id: str, version: int, org_id: str, cause_id: str | None, now: datetime
) -> dict[str, Any]:
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
    record = encode(event, envelope)
    return {
        "id": envelope.id,
        "type": event.type,
        "topic": record.topic,
        "key": record.key.decode(),
        "value": record.value.decode(),
        "headers": {name: value.decode() for name, value in record.headers},
    }
