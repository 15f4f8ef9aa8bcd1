"""Leases are reckoned by the server's time: whatever a host's clock says, and however long an answer took."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import mongomock
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keylane import StoreUnavailableError
from keylane.inbox import Busy, Claim
from keylane.mongo import MongoInbox
from keylane.mongo.server_clock import DRIFT, ServerClock

START = datetime(2026, 1, 31, tzinfo=UTC)
LEASE = timedelta(seconds=30)


@dataclass
class Host:
    """A host with a wrong clock and a server with the right one."""

    off: timedelta = timedelta(0)
    seconds: float = 0.0
    answer_s: float = 0.0

    def clock(self) -> datetime:
        return self.true_time() + self.off

    def monotonic(self) -> float:
        return self.seconds

    def true_time(self) -> datetime:
        return START + timedelta(seconds=self.seconds)

    def ask(self, clock: ServerClock) -> None:
        asked_at, moment = self.seconds, self.true_time()
        self.seconds += self.answer_s
        clock.heard(moment, asked_at=asked_at)


@given(st.floats(-1e6, 1e6), st.lists(st.tuples(st.floats(0, 1000), st.floats(0, 60)), min_size=1, max_size=20))
def test_it_is_never_ahead_and_never_later_than_it_says(off: float, asked: list[tuple[float, float]]) -> None:
    host = Host(off=timedelta(seconds=off))
    clock = ServerClock(host.clock, host.monotonic)
    for pause, answer_s in asked:
        host.seconds += pause
        host.answer_s = answer_s
        host.ask(clock)
        late_s = (host.true_time() - clock.now()).total_seconds()
        assert -1e-5 <= late_s <= clock.late_s + 1e-5


def test_an_answer_that_a_frozen_process_read_late_does_not_replace_a_better_one() -> None:
    host = Host(answer_s=0.001)
    clock = ServerClock(host.clock, host.monotonic)
    host.ask(clock)
    host.seconds += 10
    host.answer_s = 120
    host.ask(clock)

    assert (host.true_time() - clock.now()).total_seconds() < 0.01


def test_an_old_answer_is_replaced_once_drift_may_have_made_it_worse() -> None:
    host = Host(answer_s=0.001)
    clock = ServerClock(host.clock, host.monotonic)
    host.ask(clock)
    host.seconds += 0.1 / DRIFT
    host.answer_s = 0.05
    host.ask(clock)

    assert clock.late_s == pytest.approx(0.05)


def inbox_on(host: Host, store: Any = None) -> tuple[Any, MongoInbox]:
    """An inbox on a server that knows `hello`, and answers as slowly as its host says."""
    client: Any = mongomock.MongoClient(tz_aware=True, _store=store)
    collection = client.db.inbox

    def command(name: str) -> dict[str, Any]:
        moment = host.true_time()
        host.seconds += host.answer_s if name == "hello" else 0
        return {"localTime": moment}

    collection.database.command = command
    made = MongoInbox(collection, threads=1, clock=host.clock, monotonic=host.monotonic)
    made.create_indexes()
    return client, made


@pytest.mark.parametrize("off", [-60, 60])
async def test_a_lease_is_exclusive_between_hosts_whose_clocks_are_a_minute_apart(off: int) -> None:
    right, wrong = Host(answer_s=0.001), Host(off=timedelta(seconds=off), answer_s=0.001)
    client, first = inbox_on(right)
    _, second = inbox_on(wrong, client._store)
    await first.ping()
    await second.ping()
    claim = await first.claim("g:e", owner="a", lease=LEASE)
    assert isinstance(claim, Claim)
    for seconds in (0, 10, 29):
        right.seconds = wrong.seconds = seconds + 0.002
        assert isinstance(await second.claim("g:e", owner="b", lease=LEASE), Busy), seconds
    right.seconds = wrong.seconds = 31
    taken = await second.claim("g:e", owner="b", lease=LEASE)

    assert isinstance(taken, Claim)
    assert taken.fence == claim.fence + 1


async def test_a_lease_is_ten_times_what_the_clock_may_be_late_or_nothing_is_claimed() -> None:
    host = Host(answer_s=4.0)
    client, inbox = inbox_on(host)
    await inbox.ping()
    with pytest.raises(StoreUnavailableError, match=r"known to 4\.0 s, .* leases of 30 s want 3\.0 s"):
        await inbox.claim("g:e", owner="a", lease=LEASE)
    assert client.db.inbox.count_documents({}) == 0
    host.answer_s = 0.01
    await inbox.ping()

    assert isinstance(await inbox.claim("g:e", owner="a", lease=LEASE), Claim)


def test_monotonic_seconds_are_what_the_default_gives() -> None:
    clock = ServerClock(lambda: START, time.monotonic)
    assert START <= clock.now() < START + timedelta(seconds=5)
    assert clock.late_s == 0.0
