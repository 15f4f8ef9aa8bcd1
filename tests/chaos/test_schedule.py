"""What a seed decides, and what every schedule holds."""

import itertools
from random import Random

import pytest

from .events import day, ledger
from .fates import PlannedError, fail_if_due, fate_of, lingers_s, named
from .orders import DRAIN
from .schedule import CALM_BEFORE_S, KILL_EVERY_S, LASTS_S, Amid, Kind, restarts, server_faults, worker_faults

SECONDS = 36.0


def test_a_seed_decides_the_schedule_and_the_events() -> None:
    drawn = [
        (
            worker_faults(Random(7), SECONDS),
            list(itertools.islice(server_faults(Random(7)), 30)),
            ledger(200, Random(7), longest_s=4.0),
            day(50, Random(7), longest_s=4.0),
        )
        for _ in range(2)
    ]

    assert drawn[0] == drawn[1]
    assert worker_faults(Random(8), SECONDS) != drawn[0][0]


@pytest.mark.parametrize("seed", range(20))
def test_one_worker_is_killed_in_every_two_seconds_and_one_is_suspended(seed: int) -> None:
    faults = worker_faults(Random(seed), SECONDS)

    turns = [int((fault.at_s - CALM_BEFORE_S) // KILL_EVERY_S) for fault in faults if fault.kind is Kind.KILL]
    assert turns == list(range(len(turns)))
    assert len(turns) == (SECONDS - CALM_BEFORE_S) // KILL_EVERY_S
    assert any(fault.kind is Kind.ZOMBIE and fault.at_s + fault.seconds < SECONDS for fault in faults)


@pytest.mark.parametrize("seed", range(20))
def test_workers_are_told_to_stop_in_every_kind_of_moment(seed: int) -> None:
    faults = restarts(Random(seed), SECONDS)

    assert {fault.amid for fault in faults[: len(Amid)]} == set(Amid)
    assert {fault.kind for fault in faults} == {Kind.RESTARTED}
    assert all(CALM_BEFORE_S <= fault.at_s < SECONDS for fault in faults)


def test_some_runs_outlast_the_drain() -> None:
    lingering = [
        lingers_s(record.id)
        for record in [*ledger(1_800, Random(7), longest_s=4.0), *day(400, Random(7), longest_s=4.0)]
    ]

    long = [seconds for seconds in lingering if seconds]
    assert 5 <= len(long) <= 40
    assert all(DRAIN.total_seconds() < seconds <= 4.0 for seconds in long)


@pytest.mark.parametrize("seed", range(20))
def test_each_kind_of_server_fault_comes_once_in_a_round(seed: int) -> None:
    kinds = server_faults(Random(seed))

    for _ in range(3):
        assert set(itertools.islice(kinds, len(LASTS_S))) == set(LASTS_S)


def test_every_event_is_published_one_to_three_times_and_refunds_also_come_before_their_purchase() -> None:
    records = day(200, Random(3), longest_s=4.0)
    first: dict[str, int] = {}
    for turn, record in enumerate(records):
        first.setdefault(record.id.partition(".")[0].partition("+")[0], turn)

    copies = {record.id: sum(other.id == record.id for other in records) for record in records}
    assert set(copies.values()) == {1, 2, 3}
    early = [name for name in first if name.startswith("refunded") and first[name] < first[f"bought{name[8:]}"]]
    assert len(early) > 5


def test_an_event_fails_as_often_as_its_id_says_and_then_no_more() -> None:
    event = named("entry-1", fate_of("x.fails2"))

    for attempt in (1, 2):
        with pytest.raises(PlannedError):
            fail_if_due(event, attempt)
    fail_if_due(event, 3)
