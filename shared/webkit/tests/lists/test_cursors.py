"""A cursor continues the one list that it was made for, and nobody else can make one."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lyceum_web.base64url import decoded, encoded
from lyceum_web.cursors import MAX_LENGTH, CursorCodec, InvalidCursor, Position, listing

CODEC = CursorCodec("secret")
COURSES = listing("courses", org_id="default", title="maths")
CURSOR = CODEC.encode(("maths", 3, "id-1"), listing=COURSES)

MOMENTS = st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(9999, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds the zone
POSITIONS = st.lists(st.text() | st.integers() | st.none() | MOMENTS, max_size=4).map(tuple)


@given(POSITIONS)
def test_what_was_written_is_read(position: Position) -> None:
    cursor = CODEC.encode(position, listing=COURSES)
    if len(cursor) <= MAX_LENGTH:
        assert CODEC.decode(cursor, listing=COURSES) == position


@pytest.mark.parametrize("at", range(len(CURSOR)))
@pytest.mark.parametrize("other", ["A", "_", "9", "=", ".", "", "ä", "\0"])
def test_a_cursor_that_was_changed_anywhere_is_refused(at: int, other: str) -> None:
    if CURSOR[at] == other:
        return
    with pytest.raises(InvalidCursor):
        CODEC.decode(CURSOR[:at] + other + CURSOR[at + 1 :], listing=COURSES)


@given(st.text(max_size=2000))
def test_no_text_that_was_not_made_here_is_a_cursor(text: str) -> None:
    with pytest.raises(InvalidCursor):
        CODEC.decode(text, listing=COURSES)


@pytest.mark.parametrize(
    "other",
    [
        listing("users", org_id="default", title="maths"),
        listing("courses", org_id="default", title="art"),
        listing("courses", org_id="default"),
        listing("courses", org_id="other", title="maths"),
        listing("courses", org_id="default", title="maths", published=True),
    ],
)
def test_a_cursor_of_another_list_or_filter_is_refused(other: str) -> None:
    with pytest.raises(InvalidCursor):
        CODEC.decode(CURSOR, listing=other)


def test_the_order_of_filters_does_not_matter() -> None:
    assert listing("x", a=1, b=2) == listing("x", b=2, a=1)


def test_another_secret_reads_nothing() -> None:
    with pytest.raises(InvalidCursor):
        CursorCodec("other").decode(CURSOR, listing=COURSES)


def test_cursors_of_a_former_secret_are_read_until_it_is_dropped() -> None:
    assert CursorCodec("new", "secret").decode(CURSOR, listing=COURSES) == ("maths", 3, "id-1")
    with pytest.raises(InvalidCursor):
        CursorCodec("new", "newer").decode(CURSOR, listing=COURSES)


def test_new_cursors_are_signed_with_the_current_secret_alone() -> None:
    cursor = CursorCodec("new", "secret").encode(("x",), listing=COURSES)

    assert CursorCodec("new").decode(cursor, listing=COURSES) == ("x",)
    with pytest.raises(InvalidCursor):
        CODEC.decode(cursor, listing=COURSES)


def test_the_end_of_a_list_cannot_pass_for_the_start_of_a_position() -> None:
    """A signature over both, joined, would let characters move from one to the other."""
    body = json.dumps(["x"]).encode()
    mac = decoded(CODEC.encode(("x",), listing="courses"))[:16]
    for cut in range(len(body)):
        with pytest.raises(InvalidCursor):
            CODEC.decode(encoded(mac + body[cut:]), listing="courses" + body[:cut].decode() if cut else "other")


def test_moments_are_kept_to_the_microsecond() -> None:
    moment = datetime(2030, 1, 2, 3, 4, 5, 678901, UTC)
    cursor = CODEC.encode((moment + timedelta(microseconds=1), "id"), listing=COURSES)

    assert CODEC.decode(cursor, listing=COURSES) == (moment + timedelta(microseconds=1), "id")
