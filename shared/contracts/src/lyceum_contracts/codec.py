"""Events to Kafka records and back: CloudEvents 1.0, written in binary mode, read in binary and structured mode.

https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from lyceum_contracts.catalogue import parse_event
from lyceum_contracts.envelope import Envelope
from lyceum_contracts.errors import ContractError
from lyceum_contracts.event import Event
from lyceum_contracts.topics import topic_of

__all__ = ["Decoded", "Record", "decode", "encode", "key_of"]

JSON = "application/json"
STRUCTURED = "application/cloudevents+json"
SPEC_VERSION = "1.0"
UNKNOWN = "unknown"

_ATTRIBUTES: Mapping[str, str] = {
    "id": "id",
    "source": "source",
    "time": "time",
    "orgid": "org_id",
    "correlationid": "correlation_id",
    "causationid": "causation_id",
    "traceparent": "traceparent",
}
"""CloudEvents attribute -> field of :class:`Envelope`."""


@dataclass(frozen=True, slots=True)
class Record:
    """What goes to Kafka, byte for byte."""

    topic: str
    key: bytes
    value: bytes
    headers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True)
class Decoded:
    """An event that kept its contract, with its envelope."""

    event: Event
    envelope: Envelope


def key_of(event: Event) -> str:
    """Give the record key: the topic's key fields, joined by ``:``."""
    return ":".join(str(getattr(event, field)) for field in topic_of(event.type).key)


def encode(event: Event, envelope: Envelope) -> Record:
    """Write an event as a record of its topic, in binary mode.

    Raises:
        ContractError: an extra field holds what JSON in UTF-8 cannot say.
    """
    attributes = envelope.model_dump(mode="json", exclude_none=True)
    headers = {
        "ce_specversion": SPEC_VERSION,
        "ce_type": event.type,
        "ce_dataversion": str(event.data_version),
        "content-type": JSON,
        **{_header(name): attributes[field] for name, field in _ATTRIBUTES.items() if field in attributes},
    }
    return Record(
        topic=topic_of(event.type).name,
        key=key_of(event).encode(),
        value=_json_bytes(event),
        headers=tuple((name, value.encode()) for name, value in headers.items()),
    )


def decode(value: bytes, headers: Iterable[tuple[str, bytes]]) -> Decoded:
    """Read a record's value and headers, in whichever of the two modes it was written.

    Raises:
        UnknownEventType: No contract has the type.
        ContractError: Names the event type and the header or field at fault.
    """
    texts = _texts(headers)
    if texts.get("content-type", JSON).partition(";")[0].strip() == STRUCTURED:
        attributes = _json_object(UNKNOWN, value)
        event_type = str(attributes.get("type", UNKNOWN))
        data = attributes.get("data")
    else:
        attributes = {name.removeprefix("ce_"): text for name, text in texts.items()}
        event_type = attributes.get("type", UNKNOWN)
        data = _json_object(event_type, value)
    return _checked(event_type, attributes, data)


def _checked(event_type: str, attributes: Mapping[str, Any], data: Any) -> Decoded:
    if event_type == UNKNOWN:
        raise ContractError(UNKNOWN, "ce_type", "missing")
    if attributes.get("specversion") != SPEC_VERSION:
        raise ContractError(event_type, "ce_specversion", f"must be {SPEC_VERSION}")
    if not isinstance(data, dict):
        raise ContractError(event_type, "data", "must be a JSON object")
    event = parse_event(event_type, data)
    if str(attributes.get("dataversion", event.data_version)) != str(event.data_version):
        raise ContractError(event_type, "ce_dataversion", f"only version {event.data_version} is known")
    return Decoded(event, _envelope(event_type, attributes))


def _envelope(event_type: str, attributes: Mapping[str, Any]) -> Envelope:
    fields = {field: attributes[name] for name, field in _ATTRIBUTES.items() if name in attributes}
    try:
        return Envelope(**fields)
    except ValidationError as exc:
        error = exc.errors(include_url=False)[0]
        names = {field: name for name, field in _ATTRIBUTES.items()}
        raise ContractError(event_type, _header(names[str(error["loc"][0])]), error["msg"]) from exc


def _json_bytes(event: Event) -> bytes:
    try:
        return json.dumps(event.to_data(), ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (ValueError, RecursionError) as exc:  # lone surrogates, NaN, endless nesting
        raise ContractError(event.type, "data", f"cannot be written as JSON: {_first_line(exc)}") from exc


def _first_line(exc: Exception) -> str:
    return str(exc).partition("\n")[0]


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _header(attribute: str) -> str:
    # The trace extension keeps the header's own W3C name, as tracing libraries look for it.
    return attribute if attribute == "traceparent" else f"ce_{attribute}"


def _texts(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    texts = {}
    for name, raw in headers:
        try:
            texts[name] = raw.decode()
        except UnicodeDecodeError as exc:
            raise ContractError(UNKNOWN, name, "header is not UTF-8") from exc
    return texts


def _json_object(event_type: str, value: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(value, parse_constant=_no_constant)
    except (ValueError, RecursionError) as exc:
        raise ContractError(event_type, "data", "is not JSON in UTF-8") from exc
    if not isinstance(parsed, dict):
        raise ContractError(event_type, "data", "must be a JSON object")
    return parsed
