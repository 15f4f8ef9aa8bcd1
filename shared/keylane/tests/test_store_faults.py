"""A store that fails now and then, is away for a while, or meets clocks that are wrong: I2, I3, I6, I10."""

from __future__ import annotations

import random
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import mongomock
import pytest
from pymongo.errors import AutoReconnect

from keylane.inbox import Busy, Claim
from keylane.mongo import MongoInbox
from keylane.testing import until

if TYPE_CHECKING:
    from collections.abc import Callable

    from keylane import Message
    from keylane.testing import Rig

LEASE = timedelta(seconds=30)
START = datetime.now(UTC).replace(microsecond=0)


class Flaky:
    """A collection whose calls fail before they are carried out, or after, whenever `fails` says so."""

    def __init__(self, collection: Any, fails: Callable[[], bool]) -> None:
        self._collection = collection
        self._fails = fails
        self.failures = 0

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._collection, name)
        if name not in ("insert_one", "find_one", "update_one"):
            return call

        def flaky(*args: Any, **named: Any) -> Any:
            self._maybe()
            answer = call(*args, **named)
            self._maybe()
            return answer

        return flaky

    def _maybe(self) -> None:
        if self._fails():
            self.failures += 1
            raise AutoReconnect("connection closed")


def inbox_on(collection: Any, **options: Any) -> MongoInbox:
    inbox = MongoInbox(collection, threads=1, **options)
    inbox.create_indexes()
    return inbox


def collection() -> Any:
    return mongomock.MongoClient(tz_aware=True).db.inbox


async def test_a_store_that_fails_at_random_costs_no_attempt_and_repeats_no_handler(
    memory: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("keylane.retry.OUTAGE_CAP_S", 0.02)
    chance = random.Random(7)
    flaky = Flaky(collection(), lambda: chance.random() < 0.25)
    runs: Counter[tuple[str, int]] = Counter()

    def handle(message: Message) -> None:
        runs[message.id, message.attempt] += 1
        if message.data["bad"]:
            raise ValueError("no")

    for number in range(40):
        await memory.publish(f"e{number}", key=f"k{number}", data={"bad": number % 10 == 0})
    worker = memory.start({"made": handle}, inbox=inbox_on(flaky))
    await until(lambda: worker.counts.done == 36 and worker.counts.dead == 4)
    letters = await memory.letters(4)

    assert flaky.failures > 40
    wanted = {(f"e{number}", attempt) for number in range(40) for attempt in range(1, 6 if number % 10 == 0 else 2)}
    assert runs == Counter(wanted)
    assert len(letters) == 4
    assert {dict(letter.headers)["x-dlq-attempts"] for letter in letters} == {b"5"}


async def test_a_store_that_is_away_for_a_while_is_waited_for_and_said(memory: Rig) -> None:
    away = [False]
    flaky = Flaky(collection(), lambda: away[0])
    attempts: list[int] = []
    worker = memory.start({"made": lambda message: attempts.append(message.attempt)}, inbox=inbox_on(flaky))
    await memory.publish("first", data={})
    await until(lambda: worker.counts.done == 1)
    away[0] = True
    for number in range(100):
        await memory.publish(f"e{number}", key=f"k{number}", data={})
    await until(lambda: "AutoReconnect" in worker.why_unready)
    began, calls = time.monotonic(), flaky.failures
    await until(lambda: time.monotonic() - began > 1.5)
    assert flaky.failures - calls < 200, "a hundred waiting messages must not hammer a store that is away"
    assert (worker.counts.done, worker.ready, worker.alive) == (1, False, True)
    away[0] = False
    await until(lambda: worker.counts.done == 101 and worker.ready)

    assert attempts == [1] * 101
    assert worker.counts.failed == 0


@pytest.mark.parametrize("skew_s", [-60, 60, 3600])
async def test_a_lease_that_lives_is_nobody_elses_whatever_the_hosts_clocks_say(skew_s: int) -> None:
    """Both hosts ask the server for its time at start; their own clocks differ by far more than the lease."""
    shared, passed = collection(), [0.0]
    answers = {"hello": lambda: {"localTime": (START + timedelta(seconds=passed[0])).replace(tzinfo=None)}}
    shared.database.command = lambda name: answers.get(name, lambda: {"ok": 1})()

    def host(skew: float) -> MongoInbox:
        clock = lambda: START + timedelta(seconds=passed[0] + skew)  # noqa: E731  one line of this host
        return inbox_on(shared, clock=clock, monotonic=lambda: passed[0] + skew)

    right, wrong = host(0), host(skew_s)
    await right.ping()
    passed[0] += 5
    await wrong.ping()
    first = await right.claim("g:m", owner="right", lease=LEASE)
    passed[0] += 29
    assert isinstance(await wrong.claim("g:m", owner="wrong", lease=LEASE), Busy)
    passed[0] += 2
    second = await wrong.claim("g:m", owner="wrong", lease=LEASE)
    assert isinstance(first, Claim)
    assert isinstance(second, Claim)
    assert (first.fence, second.fence) == (1, 2)
    passed[0] += 29
    assert isinstance(await right.claim("g:m", owner="right", lease=LEASE), Busy)
