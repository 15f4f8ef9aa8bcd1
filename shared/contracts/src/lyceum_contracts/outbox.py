"""Events as entries of the document whose change they report: one write, so neither exists without the other."""

from typing import TypedDict

from lyceum_contracts.codec import encode
from lyceum_contracts.envelope import Envelope
from lyceum_contracts.event import Event

__all__ = ["OutboxEntry", "outbox_entry"]


class OutboxEntry(TypedDict):
    """One record to be, as it is stored in a document's `outbox`; key, value and headers are UTF-8 text."""

    id: str
    type: str
    topic: str
    key: str
    value: str
    headers: dict[str, str]


def outbox_entry(event: Event, envelope: Envelope) -> OutboxEntry:
    """Write an event down for the relay that publishes it once the document is stored.

    An event about a change takes `derived_id(...)` as its envelope's id, so that a repeat repeats the id.

    Raises:
        ContractError: an extra field holds what JSON in UTF-8 cannot say.
    """
    record = encode(event, envelope)
    return OutboxEntry(
        id=envelope.id,
        type=event.type,
        topic=record.topic,
        key=record.key.decode(),
        value=record.value.decode(),
        headers={name: value.decode() for name, value in record.headers},
    )
