"""What is encoded is read back the same; what is not an event is refused with the header or field at fault."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyceum_contracts import ContractError, Envelope, PurchaseCreated, TrainerAllocated, decode, encode

MOMENT = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
IDS = st.from_regex(r"[A-Za-z0-9_-]{1,64}", fullmatch=True)
ENVELOPE = Envelope(id="e-1", source="/course-service", time=MOMENT)


def purchase(**changes: Any) -> PurchaseCreated:
    fields: dict[str, Any] = {
        "purchase_id": "p-1",
        "student_id": "s-1",
        "course_id": "c-1",
        "subject": "math",
        "language": "en",
        "amount_minor": 4900,
        "currency": "EUR",
        "paid_at": MOMENT,
    }
    return PurchaseCreated(**{**fields, **changes})


def changed(headers: Iterable[tuple[str, bytes]], **changes: Any) -> list[tuple[str, bytes]]:
    kept = {**dict(headers), **{name.replace("__", "-"): value for name, value in changes.items()}}
    return [(name, value) for name, value in kept.items() if value is not None]


def test_a_record_carries_the_headers_of_cloudevents() -> None:
    record = encode(
        purchase(),
        Envelope(id="e-1", source="/course-service", time=MOMENT, org_id="acme", traceparent="00-1-2-01"),
    )

    assert record.topic == "purchases"
    assert record.key == b"s-1:c-1"
    assert dict(record.headers) == {
        "ce_specversion": b"1.0",
        "ce_type": b"PURCHASE_CREATED",
        "ce_dataversion": b"1",
        "content-type": b"application/json",
        "ce_id": b"e-1",
        "ce_source": b"/course-service",
        "ce_time": b"2026-01-31T09:30:00Z",
        "ce_orgid": b"acme",
        "traceparent": b"00-1-2-01",
    }


def test_the_key_of_an_allocation_event_is_the_allocation() -> None:
    event = TrainerAllocated(
        allocation_id="a-1",
        epoch=1,
        student_id="s",
        course_id="c",
        trainer_id="t",
        subject="math",
        language="en",
        purchase_ids=("p-1",),
        allocated_at=MOMENT,
    )

    assert encode(event, ENVELOPE).key == b"a-1"


@given(
    ids=st.tuples(IDS, IDS, IDS),
    amount=st.integers(0, 2**53),
    wants=st.lists(st.integers(0, 335)).map(tuple),
    moment=st.datetimes(timezones=st.just(UTC)),
    extra=st.dictionaries(st.text(min_size=1).filter(lambda name: name not in dir(PurchaseCreated)), st.text()),
    org=IDS,
    cause=st.none() | st.text(min_size=1, max_size=20),
)
def test_decoding_undoes_encoding(
    ids: Any, amount: Any, wants: Any, moment: Any, extra: Any, org: Any, cause: Any
) -> None:
    fields = {"purchase_id": ids[0], "student_id": ids[1], "course_id": ids[2], "amount_minor": amount, "wants": wants}
    own = {"subject", "language", "currency", "paid_at", *fields}
    event = purchase(**fields, paid_at=moment, **{name: text for name, text in extra.items() if name not in own})
    envelope = Envelope(id="e", source="/s", time=moment, org_id=org, causation_id=cause)

    record = encode(event, envelope)
    read = decode(record.value, record.headers)

    assert read.event == event
    assert read.envelope == envelope
    assert encode(read.event, read.envelope) == record


def test_structured_mode_is_read_as_binary_mode() -> None:
    record = encode(purchase(), ENVELOPE)
    body = {
        "specversion": "1.0",
        "id": "e-1",
        "type": "PURCHASE_CREATED",
        "source": "/course-service",
        "time": "2026-01-31T09:30:00Z",
        "data": json.loads(record.value),
    }

    read = decode(json.dumps(body).encode(), [("content-type", b"application/cloudevents+json; charset=utf-8")])

    assert read == decode(record.value, record.headers)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"ce_type": None}, "ce_type"),
        ({"ce_type": b"NO_SUCH_TYPE"}, "ce_type"),
        ({"ce_id": None}, "ce_id"),
        ({"ce_id": b"two words"}, "ce_id"),
        ({"ce_id": b"\xff"}, "ce_id"),
        ({"ce_source": None}, "ce_source"),
        ({"ce_time": b"yesterday"}, "ce_time"),
        ({"ce_time": b"2026-01-31T09:30:00"}, "ce_time"),
        ({"ce_time": b"0001-01-01T00:00:00+14:00"}, "ce_time"),
        ({"ce_specversion": b"0.3"}, "ce_specversion"),
        ({"ce_specversion": None}, "ce_specversion"),
        ({"ce_dataversion": b"2"}, "ce_dataversion"),
        ({"ce_orgid": b"a b"}, "ce_orgid"),
    ],
)
def test_a_wrong_header_is_named(changes: Any, field: Any) -> None:
    record = encode(purchase(), ENVELOPE)

    with pytest.raises(ContractError) as caught:
        decode(record.value, changed(record.headers, **changes))

    assert caught.value.field == field


@pytest.mark.parametrize("value", [b"", b"{", b"\xff\xfe", b"[]", b"null", b'"text"', b"[" * 100_000, b'{"x": NaN}'])
def test_a_value_that_is_no_json_object_is_refused(value: Any) -> None:
    record = encode(purchase(), ENVELOPE)

    with pytest.raises(ContractError, match="PURCHASE_CREATED: data: "):
        decode(value, record.headers)


@pytest.mark.parametrize("body", ["{", "[]", "{}", '{"type": "PURCHASE_CREATED", "specversion": "1.0", "data": 5}'])
def test_a_broken_structured_record_is_refused(body: Any) -> None:
    with pytest.raises(ContractError):
        decode(body.encode(), [("content-type", b"application/cloudevents+json")])


@given(value=st.binary(), headers=st.lists(st.tuples(st.sampled_from(["ce_type", "ce_id", "ce_time"]), st.binary())))
def test_no_bytes_at_all_raise_anything_but_a_contract_error(value: Any, headers: Any) -> None:
    with pytest.raises(ContractError):
        decode(value, headers)


def nested(depth: int) -> Any:
    return [nested(depth - 1)] if depth else []


@pytest.mark.parametrize("extra", ["\ud800", nested(900)], ids=["surrogate", "deep"])
def test_what_json_cannot_say_is_refused_when_it_is_written(extra: Any) -> None:
    with pytest.raises(ContractError, match=r"PURCHASE_CREATED: data: cannot be written as JSON") as caught:
        encode(purchase(note=extra), ENVELOPE)

    assert "\n" not in str(caught.value)
