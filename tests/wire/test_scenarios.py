"""The scenarios of the report on models that were registered again during Kafka retries, on real servers."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

import modelguard
from allocation_worker.main import allocation_service
from keylane import RetryPolicy
from lyceum_allocation import Allocation, TrainerCapacity
from lyceum_allocation.testing import purchase
from lyceum_contracts import PurchaseCreated

from .deployment import Deployment, allocation_of, event_id, until
from .running import Failing, in_process, process

pytestmark = pytest.mark.wire

SWIFT = RetryPolicy(base=timedelta(milliseconds=50))


def identities() -> tuple[int, ...]:
    """Which classes and which service an attempt finds: the same objects every time."""
    models = modelguard.models
    found = (Allocation, TrainerCapacity, models["Allocation"], models["TrainerCapacity"], allocation_service())
    return tuple(id(one) for one in found)


def assert_nothing_was_defined_since(before: modelguard.Stats) -> None:
    assert modelguard.stats() == before
    assert (before.conflicts, before.changed) == (0, 0)


def assert_seated_once(deployment: Deployment, *purchases: PurchaseCreated) -> None:
    """Each has exactly one trainer, who holds exactly one seat for it; nothing was given up."""
    assigned = deployment.assigned()
    for one in purchases:
        assert deployment.holders(one) == [assigned[allocation_of(one)]]
    assert deployment.dead_letters() == []
    assert deployment.broken_promises() == []


def seated(deployment: Deployment, count: int) -> Callable[[], bool]:
    return lambda: len(deployment.assigned()) >= count


def test_kafka_retry(deployment: Deployment) -> None:
    """An event fails at its first attempt and succeeds at the second."""
    deployment.deploy(ada=3, bob=3)
    failing = Failing(1, identities)
    bought = purchase("p1", student="s1")

    with in_process(deployment, failing):
        before = modelguard.stats()
        deployment.publish(bought)
        until(seated(deployment, 1), "the purchase to be allocated")
        assert_nothing_was_defined_since(before)

    assert failing.runs == {event_id(bought): [1, 2]}
    assert len(set(failing.observed)) == 1
    assert_seated_once(deployment, bought)


def test_multiple_retries(deployment: Deployment) -> None:
    """An event fails at attempts 1 to 4 and succeeds at the fifth."""
    deployment.deploy(ada=3, bob=3)
    failing = Failing(4, identities)
    bought = purchase("p1", student="s1")

    with in_process(deployment, failing, SWIFT):
        before = modelguard.stats()
        deployment.publish(bought)
        until(seated(deployment, 1), "the purchase to be allocated")
        assert_nothing_was_defined_since(before)

    assert failing.runs == {event_id(bought): [1, 2, 3, 4, 5]}
    assert len(set(failing.observed)) == 1
    assert_seated_once(deployment, bought)


def test_concurrent_events(deployment: Deployment) -> None:
    """Many events at once, every one of them three times, and each one's first attempt fails."""
    deployment.deploy(ada=30, bob=30, cleo=30)
    failing = Failing(1, identities)
    bought = [purchase(f"p{number}", student=f"s{number}") for number in range(60)]

    with in_process(deployment, failing, SWIFT) as program:
        before = modelguard.stats()
        with ThreadPoolExecutor(3) as publishers:
            list(publishers.map(lambda _: deployment.publish(*bought), range(3)))
        until(lambda: program.worker.counts.done + program.worker.counts.duplicate >= 180, "all records to be finished")
        assert_nothing_was_defined_since(before)

    counts = program.worker.counts
    assert (counts.done, counts.duplicate, counts.failed, counts.dead) == (60, 120, 60, 0)
    # A run that met somebody faster at a trainer is repeated, and is no attempt of its own.
    assert {event: set(runs) for event, runs in failing.runs.items()} == {event_id(one): {1, 2} for one in bought}
    assert len(set(failing.observed)) == 1
    assert_seated_once(deployment, *bought)


def test_worker_restart(deployment: Deployment, tmp_path: Path) -> None:
    """The worker's own process is stopped and started again; the first event after that is allocated at once."""
    deployment.deploy(ada=3, bob=3)
    first, meanwhile, last = (purchase(f"p{number}", student=f"s{number}") for number in range(3))

    with process(deployment, tmp_path / "first.log") as worker:
        worker.until_ready()
        deployment.publish(first)
        until(seated(deployment, 1), "the first purchase to be allocated")
        counted = [worker.stop()]
    deployment.publish(meanwhile)
    with process(deployment, tmp_path / "second.log") as worker:
        until(seated(deployment, 2), "what was bought meanwhile to be allocated")
        worker.until_ready()
        deployment.publish(last)
        until(seated(deployment, 3), "the last purchase to be allocated")
        counted.append(worker.stop())

    for counts in counted:
        assert counts["end"] == counts["start"]
        assert (counts["end"]["conflicts"], counts["end"]["changed"]) == (0, 0)
    assert counted[0] == counted[1]
    assert_seated_once(deployment, first, meanwhile, last)


def test_five_failures_end_as_one_dead_letter_with_the_original_bytes(deployment: Deployment) -> None:
    deployment.deploy(ada=3)
    failing = Failing(5, identities)
    doomed, neighbour = purchase("p1", student="s1"), purchase("p2", student="s2")

    with in_process(deployment, failing, SWIFT):
        before = modelguard.stats()
        (record,) = deployment.publish(doomed)
        until(lambda: bool(deployment.dead_letters()), "the dead letter")
        failing.forgive()
        deployment.publish(neighbour, doomed)
        until(seated(deployment, 1), "the neighbour to be allocated")
        assert_nothing_was_defined_since(before)

    (letter,) = deployment.dead_letters()
    assert (letter.key, letter.value) == (record.key, record.value)
    assert letter.headers[: len(record.headers)] == record.headers
    added = dict(letter.headers[len(record.headers) :])
    assert all(name.startswith("x-dlq-") for name in added)
    assert (added["x-dlq-attempts"], added["x-dlq-reason"]) == (b"5", b"exhausted")
    assert failing.runs == {event_id(doomed): [1, 2, 3, 4, 5], event_id(neighbour): [1]}
    assert deployment.holders(doomed) == []
    assert len(deployment.holders(neighbour)) == 1
