"""CloudEvents 1.0 over Kafka: bytes in, one event out, or a reason why not.

Rules: the Kafka protocol binding, https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, NoReturn

from keylane.broker import UnreadableHeaders
from keylane.errors import UndecodableError
from keylane.inbox import Payload
from keylane.message import Message

if TYPE_CHECKING:
    from collections.abc import Mapping

    from keylane.broker import Record


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


STRICT: Final = json.JSONDecoder(parse_constant=_refuse_constant)
"""Built once: building it costs more than decoding a small object."""
SCAN: Final = STRICT.scan_once  # type: ignore[attr-defined]  # of every decoder; typeshed leaves it out
"""The same without the search for space around the value, which few writers leave."""
MAX_ID_BYTES: Final = 512
"""Of its UTF-8: ids become keys of the idempotency store, whose index entries are bounded (1,024 bytes in old MongoDB,
with the group before the id)."""
SHORT_ID: Final = MAX_ID_BYTES // 4
"""Characters that are no more bytes than that, whatever they are: nearly every id."""
FROM_ISO: Final = datetime.fromisoformat
STRUCTURED: Final = "application/cloudevents"
STRUCTURED_BYTES: Final = STRUCTURED.encode()
JSON_BYTES: Final = b"application/json"
"""The content type of nearly every record: it needs no second look."""
ATTRIBUTES: Final = ("id", "type", "source", "time", "specversion")


def decode(record: Record) -> Message:
    """Read a record in binary or structured mode: the message of a first run, without its fence.

    Raises:
        UndecodableError: The bytes are no event.
    """
    raw = record.headers
    try:  # as nearly every record is; anything that is otherwise is looked at from the start
        headers: dict[str, bytes] = dict(raw)  # type: ignore[arg-type]  # without null ones from the next line on
        b"".join(headers.values())  # half as long as a look for None
        if headers["content-type"] == JSON_BYTES and headers["ce_specversion"] == b"1.0":
            id_, type_ = headers["ce_id"].decode(), headers["ce_type"].decode()
            source, moment = headers["ce_source"].decode(), FROM_ISO(headers["ce_time"].decode())
            data, end = SCAN(text := record.value.decode(), 0)  # type: ignore[union-attr]  # a null value is otherwise
            if (
                type(data) is dict
                and end == len(text)
                and moment.tzinfo is UTC
                and 0 < len(id_) <= SHORT_ID
                and type_
                and type(raw) is not UnreadableHeaders
            ):
                return _made(record, id_, type_, source, moment, data, headers)
    except Exception:  # noqa: BLE001, S110  what is wrong is found out and said below
        pass
    return decode_any(record)


def decode_any(record: Record) -> Message:
    """As `decode`, whatever the record is."""
    raw, value = record.headers, record.value
    if isinstance(raw, UnreadableHeaders):
        raise UndecodableError("a header name is not UTF-8")
    if value is None:
        raise UndecodableError("the value is null")
    headers: dict[str, bytes] = dict(raw)  # type: ignore[arg-type]  # without the null ones from the next line on
    if None in headers.values():
        headers = {name: bytes_ for name, bytes_ in raw if bytes_ is not None}
    if headers.get("content-type", JSON_BYTES) != JSON_BYTES:
        content_type = (_text(headers, "content-type") or "").lower()
        if content_type.startswith(STRUCTURED):
            return _structured(record, _json_object(value), headers)
        if content_type and "json" not in content_type:
            raise UndecodableError(f"content-type is {content_type[:64]!r}, expected JSON")
    get = headers.get
    try:
        id_, type_, source = get("ce_id", b"").decode(), get("ce_type", b"").decode(), get("ce_source", b"").decode()
        time, version = get("ce_time", b"").decode(), get("ce_specversion", b"").decode()
    except UnicodeDecodeError:
        raise _not_utf8(headers) from None
    try:
        data, end = SCAN(text := value.decode(), 0)
        if end != len(text) or type(data) is not dict:
            data = _json_object(value)
    except (ValueError, RecursionError, StopIteration):
        data = _json_object(value)
    return _message(record, id_, type_, source, time, version, data, headers)


def is_binary(headers: Mapping[str, bytes]) -> bool:
    """Whether an event that was decoded came in binary mode."""
    content_type = headers.get("content-type")
    return content_type is None or content_type == JSON_BYTES or not content_type.lower().startswith(STRUCTURED_BYTES)


def payload(event: Message, record: Record) -> Payload:
    """What the event says, comparable with another event of the same mode: its type, and its data as bytes."""
    value = record.value or b""
    if is_binary(event.headers):
        return Payload("binary", event.type, value)
    try:
        return Payload("structured", event.type, json.dumps(event.data, sort_keys=True).encode())
    except RecursionError:  # decoded just below the limit
        return Payload("structured", event.type, value)


def _structured(record: Record, envelope: dict[str, Any], headers: dict[str, bytes]) -> Message:
    data = envelope.pop("data", None)
    if not isinstance(data, dict):
        raise UndecodableError("the envelope's data is no JSON object")
    for name, value in envelope.items():
        if isinstance(value, str):
            headers.setdefault(f"ce_{name}", value.encode(errors="replace"))
    attributes = {name: envelope.get(name) for name in ATTRIBUTES}
    for name, value in attributes.items():
        if value is not None and not isinstance(value, str):
            raise UndecodableError(f"the envelope's {name} is no string")
        if value is not None and not _is_unicode(value):
            raise UndecodableError(f"the envelope's {name} holds half of a surrogate pair")
    id_, type_, source, time, version = attributes.values()
    return _message(record, id_, type_, source, time, version, data, headers)


def _message(
    record: Record,
    id_: str | None,
    type_: str | None,
    source: str | None,
    time: str | None,
    version: str | None,
    data: dict[str, Any],
    headers: dict[str, bytes],
) -> Message:
    if not id_:
        raise UndecodableError("ce_id is missing")
    if len(id_) > SHORT_ID and (size := len(id_.encode())) > MAX_ID_BYTES:
        raise UndecodableError(f"ce_id has {size} bytes, at most {MAX_ID_BYTES} are accepted")
    if not type_:
        raise UndecodableError("ce_type is missing")
    if version and version != "1.0" and not version.startswith("1."):
        raise UndecodableError(f"ce_specversion is {version[:16]!r}, expected 1.0")
    return _made(record, id_, type_, source or "", _time(time) if time else None, data, headers)


def _made(
    record: Record,
    id_: str,
    type_: str,
    source: str,
    time: datetime | None,
    data: dict[str, Any],
    headers: dict[str, bytes],
) -> Message:
    made = object.__new__(Message)  # its own constructor takes keywords only, which doubles the cost
    made.id, made.type, made.source, made.time = id_, type_, source, time
    made.key, made.data, made.headers = record.key, data, headers
    made.topic, made.partition, made.offset = record.topic, record.partition, record.offset
    made.attempt, made.fence = 1, 0
    return made


def _is_unicode(text: str) -> bool:
    """JSON can spell what UTF-8 cannot: a lone surrogate."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _not_utf8(headers: Mapping[str, bytes]) -> UndecodableError:
    for name in ATTRIBUTES:
        try:
            headers.get(f"ce_{name}", b"").decode()
        except UnicodeDecodeError:
            return UndecodableError(f"header ce_{name} is not UTF-8")
    raise AssertionError("every attribute is UTF-8")


def _text(headers: Mapping[str, bytes], name: str) -> str | None:
    raw = headers.get(name)
    if raw is None:
        return None
    try:
        return raw.decode()
    except UnicodeDecodeError as exc:
        raise UndecodableError(f"header {name} is not UTF-8") from exc


def _time(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is UTC:
            return moment
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as exc:
        raise UndecodableError(f"ce_time {text[:40]!r} is no RFC 3339 time") from exc


def _json_object(value: bytes) -> dict[str, Any]:
    try:
        data = STRICT.decode(value.decode())
    except UnicodeDecodeError as exc:
        raise UndecodableError(f"the value is not UTF-8 (byte {exc.start})") from exc
    except (ValueError, RecursionError) as exc:
        raise UndecodableError(f"the value is not JSON: {exc}") from exc
    if not isinstance(data, dict):
        raise UndecodableError(f"the value is a JSON {type(data).__name__}, expected an object")
    return data
