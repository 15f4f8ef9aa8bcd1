"""Which letters are meant, and how fast they go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from keylane import ConfigurationError, DeadLetter, LetterState, Selection
from keylane.dead_letter import Rest
from keylane.pacing import Pace

DIED = datetime(2026, 3, 1, 12, tzinfo=UTC)
LETTER = DeadLetter(
    id="ab12",
    message_id="m",
    topic="t",
    partition=0,
    offset=7,
    timestamp=0,
    key=b"k",
    value=b"{}",
    headers=(),
    reason="exhausted",
    error_type="builtins.ValueError",
    error_message="no",
    fingerprint="f1",
    attempts=5,
    rest=Rest("t.g.dlq", 0, 0),
    first_failed_at=DIED - timedelta(minutes=1),
    last_failed_at=DIED,
    replay_count=1,
)
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("fits", "fits_not"),
    [
        ({"ids": ["ab"]}, {"ids": ["b"]}),
        ({"ids": ["x", "ab12"]}, {"ids": ["ab12", "x"], "reason": "fatal"}),
        ({"reason": "exhausted"}, {"reason": "fatal"}),
        ({"error_type": "ValueError"}, {"error_type": "Error"}),
        ({"error_type": "builtins.ValueError"}, {"error_type": "ins.ValueError"}),
        ({"fingerprint": "f1"}, {"fingerprint": "f"}),
        ({"topic": "t"}, {"topic": "u"}),
        ({"key": b"k"}, {"key": b""}),
        ({"message_id": "m"}, {"message_id": "n"}),
        ({"since": DIED}, {"since": DIED + DAY}),
        ({"until": DIED + DAY}, {"until": DIED}),
        ({"replay_count": 1}, {"replay_count": 0}),
        ({"states": [LetterState.OPEN]}, {"states": [LetterState.DISCARDED]}),
        ({}, {"reason": "exhausted", "key": b"other"}),
    ],
)
def test_all_that_is_given_must_fit(fits: dict[str, Any], fits_not: dict[str, Any]) -> None:
    assert Selection(**fits).matches(LETTER)
    assert not Selection(**fits_not).matches(LETTER)


@pytest.mark.parametrize("state", [LetterState.REPLAYED, LetterState.DISCARDED])
def test_what_is_dealt_with_must_be_asked_for(state: LetterState) -> None:
    dealt_with = replace(LETTER, state=state)
    assert not Selection().matches(dealt_with)
    assert Selection(ids=["ab12"]).matches(dealt_with)
    assert Selection(states=[state]).matches(dealt_with)


async def test_turns_come_evenly_and_never_in_a_burst() -> None:
    now, waited = [0.0], []

    async def sleep(seconds: float) -> None:
        waited.append(round(seconds, 6))
        now[0] += seconds

    pace = Pace(4, monotonic=lambda: now[0], sleep=sleep)
    for _ in range(3):
        await pace.turn()
    assert waited == [0.25, 0.25]
    now[0] += 10  # the broker was slow
    for _ in range(3):
        await pace.turn()
    assert waited == [0.25, 0.25, 0.25, 0.25]


async def test_without_a_rate_nothing_waits() -> None:
    async def sleep(_: float) -> None:
        raise AssertionError

    pace = Pace(None, monotonic=lambda: 0.0, sleep=sleep)
    for _ in range(3):
        await pace.turn()


@pytest.mark.parametrize("rate", [0, -1, float("nan")])
def test_a_rate_that_is_none_is_refused(rate: float) -> None:
    with pytest.raises(ConfigurationError, match="positive number per second"):
        Pace(rate)
