"""Metrics: what a scrape says is what happened, in the format and with the names that Prometheus asks for."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from keylane import Fatal, MemoryInbox, Retry, RetryPolicy
from keylane.metrics import WorkerCollector
from keylane.testing import FaultyInbox, InMemoryBroker, until

if TYPE_CHECKING:
    from keylane import Message, Worker
    from keylane.testing import Rig

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
LABELS = {"group", "topic", "partition", "reason", "part", "le"}


def scrape(worker: Worker) -> Samples:
    """Every sample of the exposition text, parsed."""
    registry = CollectorRegistry()
    registry.register(WorkerCollector(worker))
    families = text_string_to_metric_families(generate_latest(registry).decode())
    return {(one.name, frozenset(one.labels.items())): one.value for family in families for one in family.samples}


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"keylane_{name}", frozenset(labels.items())]


def summed(samples: Samples, name: str) -> float:
    return sum(value for (found, _), value in samples.items() if found == f"keylane_{name}")


async def test_outcomes_are_counted_by_kind_and_reason(memory: Rig) -> None:
    def handle(message: Message) -> None:
        if message.id == "fatal":
            raise Fatal("never")
        if message.id == "slow to learn" and message.attempt < 3:
            raise ValueError("not yet")

    for id_ in ("good", "good", "fatal", "slow to learn"):
        await memory.publish(id_, key=id_, data={})
    await memory.publish("unwanted", type_="viewed", data={})
    await memory.publish(None, data={})
    worker = memory.start({"made": handle}, ignored=["viewed"])
    await until(lambda: worker.counts.done == 2 and worker.counts.dead == 2 and worker.counts.duplicate == 1)
    await until(lambda: sum(held.unfinished for held in worker.standing().partitions) == 0)
    samples = scrape(worker)

    assert value(samples, "records_fetched_total", group="g") == 6
    assert value(samples, "messages_done_total", group="g") == 2
    assert value(samples, "messages_duplicate_total", group="g") == 1
    assert value(samples, "messages_ignored_total", group="g") == 1
    assert value(samples, "runs_failed_total", group="g") == 3
    assert value(samples, "runs_retried_total", group="g") == 2
    assert value(samples, "messages_dead_total", group="g", reason="fatal") == 1
    assert value(samples, "messages_dead_total", group="g", reason="undecodable") == 1
    assert value(samples, "message_runs_bucket", group="g", le="1.0") == 3, "good, fatal, and none at all"
    assert value(samples, "message_runs_bucket", group="g", le="3.0") == 4
    assert value(samples, "message_runs_count", group="g") == 4
    assert value(samples, "message_runs_sum", group="g") == 1 + 1 + 0 + 3
    assert value(samples, "handler_duration_seconds_count", group="g") == 5
    assert value(samples, "queue_duration_seconds_count", group="g") == 3, "first runs only"
    assert value(samples, "keys_parked", group="g") == 0, "two retries were waited for"
    assert value(samples, "ready", group="g") == 1
    assert value(samples, "part_ready", group="g", part="broker") == 1


async def test_a_slow_handler_is_seen_while_it_runs_and_in_its_duration(memory: Rig) -> None:
    going = asyncio.Event()

    async def handle(_: Message) -> None:
        await going.wait()

    for number in range(3):
        await memory.publish(f"e{number}", key="one key", data={})
    worker = memory.start({"made": handle})
    await until(lambda: worker.standing().running == 1)
    await asyncio.sleep(0.15)
    samples = scrape(worker)

    assert value(samples, "messages_in_flight", group="g") == 1
    assert summed(samples, "partition_unfinished_records") == 3
    assert summed(samples, "consumer_lag_records") == 3
    assert 0.1 <= summed(samples, "partition_oldest_unfinished_age_seconds") < 30
    going.set()
    await until(lambda: worker.counts.done == 3)
    await until(lambda: summed(scrape(worker), "consumer_lag_records") == 0)
    after = scrape(worker)

    assert summed(after, "partition_unfinished_records") == 0
    assert summed(after, "partition_oldest_unfinished_age_seconds") == 0
    assert value(after, "handler_duration_seconds_sum", group="g") >= 0.15
    assert value(after, "handler_duration_seconds_bucket", group="g", le="0.1") == 2
    assert value(after, "queue_duration_seconds_bucket", group="g", le="0.1") == 1, "the others stood behind it"


async def test_the_age_of_a_stuck_record_grows_while_younger_ones_are_finished(memory: Rig) -> None:
    def handle(message: Message) -> None:
        if message.id == "stuck":
            raise Retry("later", after=timedelta(hours=1))

    await memory.publish("stuck", key="a", data={})
    worker = memory.start({"made": handle})
    await until(lambda: worker.counts.retried == 1)
    first = summed(scrape(worker), "partition_oldest_unfinished_age_seconds")
    for number in range(20):
        await memory.publish(f"e{number}", key=f"k{number}", data={})
        await asyncio.sleep(0.01)
    await until(lambda: worker.counts.done == 20)
    samples = scrape(worker)

    assert value(samples, "keys_parked", group="g") == 1
    assert summed(samples, "partition_oldest_unfinished_age_seconds") >= first + 0.2


async def test_parked_keys_are_forgotten_with_their_partitions(memory: Rig) -> None:
    def handle(_: Message) -> None:
        raise Retry("later", after=timedelta(hours=1))

    for number in range(10):
        await memory.publish(f"e{number}", key=f"k{number}", data={})
    worker = memory.start({"made": handle})
    await until(lambda: worker.standing().parked == 10)
    memory.start({"made": handle})  # a rebalance: half of them move
    await until(lambda: worker.measures.rebalances == 2)
    await until(lambda: sum(one.standing().parked for one, _ in memory.workers) == 10)
    await memory.stop()

    assert worker.standing().parked == 0
    assert value(scrape(worker), "rebalances_total", group="g") == 2


async def test_commits_and_letters_that_fail_are_counted(memory: Rig) -> None:
    broker = memory.broker
    assert isinstance(broker, InMemoryBroker)
    broker.refuse_commits(1)
    broker.fail_sends(memory.dead_letter_topic)
    await memory.publish(None, key="a", data={})
    await memory.publish("e", key="b", data={})
    worker = memory.start({"made": lambda _: None})
    await until(lambda: worker.measures.commits_refused == 1 and worker.measures.letters_failed >= 1)
    broker.allow_sends(memory.dead_letter_topic)
    await until(lambda: worker.measures.commit_s.count >= 1 and worker.counts.dead == 1)
    await memory.publish("f", key="c", data={})
    await until(lambda: worker.counts.done == 2)
    samples = scrape(worker)

    assert value(samples, "commits_refused_total", group="g") == 1
    assert value(samples, "letter_writes_failed_total", group="g") >= 1
    assert value(samples, "commit_duration_seconds_count", group="g") >= 1
    assert value(samples, "part_ready", group="g", part="dead letters of t") == 1


async def test_a_store_that_is_away_is_seen_by_part_and_breaker(memory: Rig) -> None:
    inbox = FaultyInbox(MemoryInbox())
    worker = memory.start({"made": lambda _: None}, inbox=inbox, retry=RetryPolicy(outages_to_open=2))
    await until(lambda: worker.ready)
    inbox.set_down()
    for number in range(5):
        await memory.publish(f"e{number}", key=f"k{number}", data={})
    await until(lambda: "left alone" in worker.why_unready)
    samples = scrape(worker)

    assert value(samples, "ready", group="g") == 0
    assert value(samples, "part_ready", group="g", part="store") == 0
    assert value(samples, "part_ready", group="g", part="broker") == 1
    assert value(samples, "circuit_open", group="g", part="store") == 1
    assert value(samples, "circuit_opened_total", group="g", part="store") == 1
    inbox.set_up()
    await until(lambda: worker.counts.done == 5 and worker.ready)
    assert value(scrape(worker), "circuit_open", group="g", part="store") == 0


async def test_names_units_and_labels_are_those_that_prometheus_asks_for(memory: Rig) -> None:
    await memory.publish("e", data={})
    worker = memory.start({"made": lambda _: None})
    await until(lambda: worker.counts.done == 1)
    registry = CollectorRegistry()
    registry.register(WorkerCollector(worker))
    families = list(text_string_to_metric_families(generate_latest(registry).decode()))

    assert {one.name for one in families} == {one.name for one in WorkerCollector().describe()}
    for family in families:
        assert re.fullmatch(r"keylane_[a-z_]+", family.name), family.name
        assert family.documentation.endswith(".")
        assert not re.search(r"_(ms|millis|total)$", family.name), "seconds, and _total only on samples"
        if family.type == "histogram" and "duration" in family.name:
            assert family.name.endswith("_seconds")
        for sample in family.samples:
            assert set(sample.labels) <= LABELS, "no label whose values have no bound"
            assert sample.labels["group"] == "g"


def test_a_second_collector_in_one_registry_is_refused_and_one_may_hold_two_workers(memory: Rig) -> None:
    registry = CollectorRegistry()
    first, second = memory.worker({"made": lambda _: None}), memory.worker({"made": lambda _: None})
    registry.register(WorkerCollector(first, second))
    with pytest.raises(ValueError, match="Duplicated timeseries"):
        registry.register(WorkerCollector(second))

    text = generate_latest(registry).decode()
    assert text.count("# TYPE keylane_messages_done_total counter") == 1


async def test_a_scrape_from_another_thread_never_fails_while_messages_pass(memory: Rig) -> None:
    stop = False
    scrapes = 0

    def again_and_again() -> None:
        nonlocal scrapes
        while not stop:
            scrape(worker)
            scrapes += 1

    async def handle(message: Message) -> None:
        if message.attempt == 1 and message.data["number"] % 7 == 0:
            raise ValueError("once")

    worker = memory.start({"made": handle})
    await until(lambda: worker.ready)
    scraping: Any = asyncio.create_task(asyncio.to_thread(again_and_again))
    try:
        for number in range(500):
            await memory.publish(f"e{number}", key=f"k{number % 100}", data={"number": number})
        memory.start({"made": handle})
        await until(lambda: sum(one.counts.done for one, _ in memory.workers) >= 500 and scrapes > 3)
    finally:
        stop = True
        await scraping
