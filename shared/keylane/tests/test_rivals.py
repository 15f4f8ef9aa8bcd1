"""A second process with one `group_instance_id` ends with one line; nobody who merely lost a session does."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest

from keylane import ConfigurationError
from keylane.rivals import RESIDENT_BEARS, Rivals
from keylane.testing import Rig, until

SESSION_S = 10.0


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def member(clock: Clock) -> Rivals:
    return Rivals("one", SESSION_S, monotonic=clock)


def evict(rivals: Rivals, clock: Clock, times: int, *, every_s: float) -> None:
    for _ in range(times):
        clock.now += every_s
        rivals.joined(f"member-{clock.now}")


def test_rebalances_that_keep_the_member_id_never_count(clock: Clock) -> None:
    rivals = member(clock)
    for _ in range(50):
        clock.now += 0.1
        rivals.joined("me")
        rivals.check()


def test_a_newcomer_gives_way_before_the_one_that_was_there(clock: Clock) -> None:
    resident, newcomer = member(clock), member(clock)
    resident.joined("resident")
    clock.now += 100
    newcomer.joined("newcomer")
    for _ in range(2):
        evict(resident, clock, 1, every_s=1)
        resident.check()
        evict(newcomer, clock, 1, every_s=1)
    with pytest.raises(ConfigurationError, match=r"^another process has the group_instance_id 'one': give each"):
        newcomer.check()
    resident.check()


def test_a_resident_gives_way_at_last(clock: Clock) -> None:
    resident = member(clock)
    resident.joined("resident")
    clock.now += 100
    evict(resident, clock, RESIDENT_BEARS - 1, every_s=1)
    resident.check()
    evict(resident, clock, 1, every_s=1)
    with pytest.raises(ConfigurationError):
        resident.check()


def test_sessions_that_run_out_are_no_rival(clock: Clock) -> None:
    """A process that is frozen again and again loses its member id once per session at most."""
    rivals = member(clock)
    rivals.joined("me")
    clock.now += 100
    for _ in range(10):
        evict(rivals, clock, 1, every_s=SESSION_S + 1)
        rivals.check()


@pytest.mark.wire
async def test_of_two_workers_with_one_instance_id_the_newcomer_ends_and_the_resident_works_on(kafka: Rig) -> None:
    kafka.settings = dataclasses.replace(kafka.settings, group_instance_id="one")
    handlers = {"made": lambda _: None}
    resident = kafka.start(handlers, broker=None)
    await until(lambda: resident.ready)
    await asyncio.sleep(kafka.settings.session_timeout.total_seconds())  # after it, it is no newcomer any more
    newcomer = kafka.worker(handlers, broker=None)
    with pytest.raises(ConfigurationError, match="another process has the group_instance_id 'one'"):
        await asyncio.wait_for(newcomer.run(), 20)
    await kafka.publish("e", data={})
    await until(lambda: resident.counts.done == 1)
