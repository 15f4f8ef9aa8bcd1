"""Servers that are missing, away, frozen or killed, and a worker that is killed: nothing is lost, nothing is done twice."""

import dataclasses
from pathlib import Path

import pytest

from lyceum_allocation.testing import purchase
from real_servers import Server

from .deployment import Deployment, allocation_of, until
from .running import Failing, in_process, process

pytestmark = pytest.mark.wire


def test_a_missing_topic_ends_the_program_with_one_line_that_names_it(deployment: Deployment) -> None:
    deployment.create_indexes()

    done = deployment.program("run")

    assert done.returncode == 2
    (line,) = told(done.stderr)
    assert line.startswith("allocation-worker: missing topic")
    assert deployment.purchases in line
    assert line.endswith("run `python -m allocation_worker topics`")


def test_the_deploy_steps_may_be_repeated(deployment: Deployment) -> None:
    deployment.deploy()
    for step in ("indexes", "topics"):
        done = deployment.program(step)
        assert done.returncode == 0, done.stderr
        assert "Traceback" not in done.stderr


def test_missing_indexes_end_the_program_with_one_line(deployment: Deployment) -> None:
    deployment.create_topics()
    done = deployment.program("run")
    assert done.returncode == 2
    (line,) = told(done.stderr)
    assert "run `python -m allocation_worker indexes`" in line


def told(stderr: str) -> list[str]:
    """What is said to a person, beside the log."""
    return [line for line in stderr.splitlines() if not line.startswith("{")]


def test_an_unreachable_broker_is_waited_for_and_said(deployment: Deployment, broker: Server, tmp_path: Path) -> None:
    here = dataclasses.replace(deployment, bootstrap=broker.address)
    here.deploy(ada=3)
    bought = purchase("p1", student="s1")
    here.publish(bought)
    broker.stop()

    with process(here, tmp_path / "worker.log") as worker:
        until(lambda: "waits for Kafka" in (worker.why_unready or ""), "the worker to say what it waits for")
        assert worker.process.poll() is None
        assert "waits for Kafka" in worker.log
        assert worker.passes_health_check(), "a container that waits must not be restarted"
        broker.start()
        until(lambda: list(here.assigned()) == [allocation_of(bought)], "the purchase to be allocated")
        worker.stop()

    assert here.broken_promises() == []


def test_a_worker_killed_amid_its_work_leaves_nothing_undone_and_nothing_done_twice(
    deployment: Deployment, tmp_path: Path
) -> None:
    deployment.deploy(ada=100, bob=100, cleo=100)
    bought = [purchase(f"p{number}", student=f"s{number}") for number in range(100)]

    with process(deployment, tmp_path / "first.log") as worker:
        worker.until_ready()
        deployment.publish(*bought)
        until(lambda: len(deployment.assigned()) >= 10, "some purchases to be allocated")
        worker.kill()
    assert len(deployment.assigned()) < len(bought), "all was done before the kill: nothing was tested"

    with process(deployment, tmp_path / "second.log") as worker:
        until(lambda: len(deployment.assigned()) == len(bought), "all purchases to be allocated")
        until(lambda: not deployment.broken_promises(), "what the killed worker left to be tidied")
        worker.stop()

    assigned = deployment.assigned()
    for one in bought:
        assert deployment.holders(one) == [assigned[allocation_of(one)]]
    assert deployment.dead_letters() == []


def test_a_frozen_broker_loses_nothing(deployment: Deployment, broker: Server) -> None:
    here = dataclasses.replace(deployment, bootstrap=broker.address)
    here.deploy(ada=50, bob=50)
    before = [purchase(f"a{number}", student=f"a{number}") for number in range(20)]
    after = [purchase(f"b{number}", student=f"b{number}") for number in range(20)]

    with in_process(here) as worker:
        here.publish(*before)
        until(lambda: len(here.assigned()) >= 1, "the first purchase to be allocated")
        broker.freeze()
        until(lambda: not worker.ready, "the worker to notice that the broker is away")
        broker.thaw()
        here.publish(*after)
        until(lambda: len(here.assigned()) == len(before + after), "all purchases to be allocated")
        until(lambda: worker.ready, "the worker to be ready again")

    for one in before + after:
        assert len(here.holders(one)) == 1
    assert here.dead_letters() == []
    assert here.broken_promises() == []


def test_a_broker_killed_and_started_again_loses_nothing(deployment: Deployment, broker: Server) -> None:
    here = dataclasses.replace(deployment, bootstrap=broker.address)
    here.deploy(ada=50)
    before = [purchase(f"a{number}", student=f"a{number}") for number in range(20)]
    after = [purchase(f"b{number}", student=f"b{number}") for number in range(20)]

    with in_process(here):
        here.publish(*before)
        until(lambda: len(here.assigned()) >= 1, "the first purchase to be allocated")
        broker.kill()
        broker.start()
        here.publish(*after)
        until(lambda: len(here.assigned()) == len(before + after), "all purchases to be allocated")

    for one in before + after:
        assert len(here.holders(one)) == 1
    assert here.dead_letters() == []
    assert here.broken_promises() == []


def test_a_frozen_store_costs_no_attempt(deployment: Deployment, store: Server) -> None:
    here = dataclasses.replace(deployment, uri=store.address, socket_timeout_ms=1500)
    here.deploy(ada=50)
    counting = Failing(0)
    bought = [purchase(f"p{number}", student=f"s{number}") for number in range(20)]

    with in_process(here, counting) as worker:
        here.publish(bought[0])
        until(lambda: len(here.assigned()) == 1, "the first purchase to be allocated")
        store.freeze()
        here.publish(*bought[1:])
        until(lambda: not worker.ready, "the worker to notice that the store is away")
        store.thaw()
        until(lambda: len(here.assigned()) == len(bought), "all purchases to be allocated")

    assert {attempt for runs in counting.runs.values() for attempt in runs} == {1}
    assert here.dead_letters() == []
    assert here.broken_promises() == []


def test_two_workers_share_the_work_and_one_takes_over_what_the_other_is_killed_with(
    deployment: Deployment, tmp_path: Path
) -> None:
    deployment.deploy(ada=100, bob=100)
    first, second = (
        [purchase(f"{name}{number}", student=f"{name}{number}") for number in range(30)] for name in ("a", "b")
    )

    with process(deployment, tmp_path / "one.log") as one, process(deployment, tmp_path / "two.log") as two:
        one.until_ready()
        two.until_ready()
        until(
            lambda: "owns 12 partitions" in one.log and "owns 12 partitions" in two.log, "the partitions to be shared"
        )
        deployment.publish(*first)
        until(lambda: len(deployment.assigned()) >= 1, "the first purchase to be allocated")
        one.kill()
        deployment.publish(*second)
        until(lambda: len(deployment.assigned()) == 60, "all purchases to be allocated by the other")
        until(lambda: not deployment.broken_promises(), "what the killed worker left to be tidied")
        two.stop()

    assert deployment.dead_letters() == []
