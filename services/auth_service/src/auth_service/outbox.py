"""Events as entries of the document whose change they report: one write, so neither exists without the other."""

from datetime import datetime
from typing import Any, Protocol

from keylane import trace_headers
from lyceum_contracts import Envelope, Event, derived_id, outbox_entry
from lyceum_web import correlation

SOURCE = "/auth-service"


class Reporting(Protocol):
    """A document that carries an outbox."""

    id: str
    version: int
    outbox: list[dict[str, Any]]
    outbox_due: datetime | None


def report(document: Reporting, event: Event, *, org_id: str, now: datetime) -> None:
    """Add an event to a document that is about to be saved by compare-and-set.

    Its id follows from the version that the save will give, so a repeat repeats the id. It carries the correlation id
    and the trace of the request that brought the change about.
    """
    request = correlation.current()
    envelope = Envelope(
        id=derived_id(document.id, document.version + 1, event.type),
        source=SOURCE,
        time=now,
        org_id=org_id,
        correlation_id=None if request is None else request.correlation_id,
        traceparent=trace_headers().get("traceparent"),
    )
    document.outbox.append(dict(outbox_entry(event, envelope)))
    document.outbox_due = None  # a moment equal to the one read would not be written, though a relay removed it since
    document.outbox_due = now
