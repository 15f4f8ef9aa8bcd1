"""Where a record stood first: believed from the group's own replay topic alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from keylane import letters
from keylane.inbox import Replay
from keylane.places import Place, first_place, letter_id, letters_of, replay_of
from keylane.testing import MemoryRecord

PLACE = {
    "x-dlq-topic": b"t",
    "x-dlq-partition": b"2",
    "x-dlq-offset": b"17",
    "x-dlq-timestamp": b"-1",
    "x-dlq-replay-count": b"2",
    "x-dlq-replay-id": b"run",
    "x-dlq-first-failed-at": b"2026-03-01T12:00:00.000+00:00",
}
REPLAYED = MemoryRecord("t.g.replay", 0, 3, 99, b"k", b"v", (("ce_id", b"m"), *PLACE.items()))
FIRST = MemoryRecord("t", 2, 17, -1, b"k", b"v", (("ce_id", b"m"),))


def test_a_replayed_record_keeps_the_place_where_it_stood_first() -> None:
    assert first_place("g", REPLAYED) == Place("t", 2, 17, -1, Replay(2, "run"), datetime(2026, 3, 1, 12, tzinfo=UTC))
    assert replay_of("g", REPLAYED) == Replay(2, "run")
    assert letter_id("g", REPLAYED) == letter_id("g", FIRST)
    assert letters_of(REPLAYED.topic, "g") == letters_of("t", "g") == "t.g.dlq"


@pytest.mark.parametrize("topic", ["t", "t.other.replay", "other"])
def test_a_copy_elsewhere_is_a_record_of_its_own(topic: str) -> None:
    copied = replace(REPLAYED, topic=topic)

    assert first_place("g", copied) == Place(topic, 0, 3, 99)
    assert replay_of("g", copied) is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-dlq-topic", b"another"),
        ("x-dlq-topic", b"\xff"),
        ("x-dlq-offset", b"first"),
        ("x-dlq-offset", "\u0661".encode()),
        ("x-dlq-offset", b"9" * 5000),
        ("x-dlq-replay-count", None),
        ("x-dlq-replay-count", b"-5"),
        ("x-dlq-replay-count", b"1001"),
        ("x-dlq-replay-count", b"9" * 18),
        ("x-dlq-partition", b"-1"),
        ("x-dlq-partition", b""),
        ("x-dlq-first-failed-at", b"yesterday"),
        ("x-dlq-first-failed-at", b"0001-01-01T00:00+23:00"),
    ],
)
def test_a_foreign_record_of_the_replay_topic_stands_where_it_stands(name: str, value: bytes | None) -> None:
    foreign = replace(REPLAYED, headers=(*REPLAYED.headers, (name, value)))

    assert first_place("g", foreign) == Place("t.g.replay", 0, 3, 99)
    assert letters_of(foreign.topic, "g") == "t.g.dlq"


def test_a_letter_of_a_replay_says_since_when_its_message_fails() -> None:
    """Also one that the idempotency store does not know, as it could not be read."""
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    why = letters.burial("g", REPLAYED, reason="fatal", error=ValueError("no"), attempts=1, at=now, first=None)
    headers = dict(letters.headers_of_letter("g", REPLAYED, why, app_version=""))

    assert headers["x-dlq-first-failed-at"] == b"2026-03-01T12:00:00.000+00:00"
    assert headers["x-dlq-last-failed-at"] == b"2026-03-02T09:00:00.000+00:00"


def test_the_thousandth_replay_is_one() -> None:
    late = replace(REPLAYED, headers=(*REPLAYED.headers, ("x-dlq-replay-count", b"1000")))
    assert replay_of("g", late) == Replay(1000, "run")


def test_a_record_without_headers_is_no_replay() -> None:
    assert replay_of("g", replace(REPLAYED, headers=())) is None
