"""Records as nearly all are have a short way through decoding: it says what the long one says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylane import cloudevents
from keylane.broker import UnreadableHeaders
from keylane.cloudevents import decode, decode_any
from keylane.errors import UndecodableError
from keylane.testing import MemoryRecord

if TYPE_CHECKING:
    from collections.abc import Callable

    from keylane.broker import RawHeaders, Record
    from keylane.message import Message

USUAL = {
    "ce_id": b"e1",
    "ce_type": b"made",
    "ce_source": b"/here",
    "ce_specversion": b"1.0",
    "ce_time": b"2026-01-31T09:30:00+00:00",
    "content-type": b"application/json",
}
ODD = {
    "ce_id": [b"", b"\xff", b"x" * 200, b"x" * 600, "\u00e9".encode() * 300],
    "ce_type": [b"", b"\xff"],
    "ce_source": [b"", b"\xff"],
    "ce_specversion": [b"", b"1.1", b"0.3", b"\xff"],
    "ce_time": [b"", b"2026-01-31", b"2026-01-31T09:30:00", b"2026-01-31T09:30:00+05:30", b"20260131T093000Z", b"soon"],
    "content-type": [b"", b"text/json", b"text/plain", b"application/cloudevents+json", b"\xff"],
    "more": [b"", b"\xff"],
}
VALUES = [
    b'{"a": 1}',
    b"{}",
    b" {} ",
    b"{} x",
    b"{",
    b"",
    b"[1]",
    b"\xff",
    b'{"a": NaN}',
    b'"text"',
    b"[" * 5_000,
    None,
    b'{"specversion": "1.0", "id": "i", "type": "t", "source": "s", "data": {}}',
]


def record(headers: RawHeaders, value: bytes | None) -> MemoryRecord:
    return MemoryRecord("t", 3, 7, 0, b"k", value, headers)


def said(way: Callable[[Record], Message], given_: Record) -> tuple[Message, str] | str:
    try:
        message = way(given_)
        return message, str(message.time)  # equal moments may be of different zones
    except UndecodableError as exc:
        return str(exc)


@st.composite
def records(draw: st.DrawFn) -> MemoryRecord:
    """Usual ones with a few things odd about them."""
    headers: list[tuple[str, bytes | None]] = list(USUAL.items())
    for name in draw(st.lists(st.sampled_from(sorted(ODD)), max_size=2)):
        what = draw(st.sampled_from(["odd", "null", "absent", "twice"]))
        value = None if what == "null" else draw(st.sampled_from(ODD[name]))
        headers = headers if what == "twice" else [pair for pair in headers if pair[0] != name]
        headers += [] if what == "absent" else [(name, value)]
    kind = draw(st.sampled_from([tuple, tuple, tuple, UnreadableHeaders]))
    return record(kind(headers), draw(st.sampled_from(VALUES)))


@given(records())
def test_both_ways_say_the_same(given_: MemoryRecord) -> None:
    assert said(decode, given_) == said(decode_any, given_)


@pytest.mark.parametrize("name", ODD)
def test_both_ways_say_the_same_of_each_thing_that_is_odd(name: str) -> None:
    usual = tuple(pair for pair in USUAL.items() if pair[0] != name)
    for value in VALUES[:2]:
        for headers in (usual, (*usual, (name, None)), *((*usual, (name, odd)) for odd in ODD[name])):
            given_ = record(headers, value)
            assert said(decode, given_) == said(decode_any, given_)


def test_a_usual_record_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(cloudevents, "decode_any")

    assert decode(record((*USUAL.items(), ("traceparent", b"00-1")), b'{"a": 1}')).data == {"a": 1}
