"""Prometheus metrics, read from plain numbers when they are scraped: the messages themselves pay for no lock.

    from prometheus_client import REGISTRY
    REGISTRY.register(WorkerCollector(worker))

Names, units and label sets follow https://prometheus.io/docs/practices/naming/: every label's values are bounded by
the code or by the broker (group, topic, partition, reason, part), never a key, an id or a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from prometheus_client.core import Metric

    from keylane.every import Every
    from keylane.measures import Histogram
    from keylane.mongo import OutboxRelay
    from keylane.worker import Worker

PARTITION = ("group", "topic", "partition")


class WorkerCollector:
    """Collects from any number of workers; register one collector for all of a process.

    Args:
        workers: Each with its own group.
    """

    def __init__(self, *workers: Worker) -> None:
        self._workers = workers

    def describe(self) -> Iterable[Metric]:
        """The families, so that a registry refuses a second collector."""
        return _WorkerFamilies().families

    def collect(self) -> Iterable[Metric]:
        """The families with their values now."""
        made = _WorkerFamilies()
        for worker in self._workers:
            made.outcomes(worker)
            made.timings(worker)
            made.standing(worker)
        return made.families


class Families:
    """Metric families in the order in which they were first asked for."""

    def __init__(self) -> None:
        self.families: list[Metric] = []

    def counter(self, name: str, help_: str, *labels: str) -> CounterMetricFamily:
        """A counter; `_total` is added to its name."""
        made = CounterMetricFamily(f"keylane_{name}", help_, labels=labels)
        self.families.append(made)
        return made

    def gauge(self, name: str, help_: str, *labels: str) -> GaugeMetricFamily:
        """A gauge."""
        made = GaugeMetricFamily(f"keylane_{name}", help_, labels=labels)
        self.families.append(made)
        return made

    def histogram(self, name: str, help_: str, *labels: str) -> HistogramMetricFamily:
        """A histogram."""
        made = HistogramMetricFamily(f"keylane_{name}", help_, labels=labels)
        self.families.append(made)
        return made


class _WorkerFamilies(Families):
    def __init__(self) -> None:
        super().__init__()
        group = "group"
        self.fetched = self.counter("records_fetched", "Records taken from the log.", group)
        self.done = self.counter("messages_done", "Messages handled to a good end.", group)
        self.dead = self.counter("messages_dead", "Messages that became dead letters, by reason.", group, "reason")
        self.duplicate = self.counter("messages_duplicate", "Messages that were settled before.", group)
        self.ignored = self.counter("messages_ignored", "Messages of types that the group does not want.", group)
        self.failed = self.counter("runs_failed", "Runs of handlers that counted as failed attempts.", group)
        self.retried = self.counter("runs_retried", "Failed runs after which another one was planned.", group)
        self.fenced = self.counter("results_fenced", "Results discarded since another owner had taken over.", group)
        self.letters_failed = self.counter("letter_writes_failed", "Tries to write a dead letter that failed.", group)
        self.refused = self.counter("commits_refused", "Commits refused: the group had moved on.", group)
        self.commits_failed = self.counter("commits_failed", "Commits without an answer in time.", group)
        self.rebalances = self.counter("rebalances", "Assignments received.", group)
        self.runs = self.histogram("message_runs", "Runs that a message took until it was done or dead.", group)
        self.handler = self.histogram("handler_duration_seconds", "Time of one run of a handler.", group)
        self.queue = self.histogram("queue_duration_seconds", "Time from fetch to first run.", group)
        self.commit = self.histogram("commit_duration_seconds", "Time of an accepted commit.", group)
        self.loop_lag = self.histogram("event_loop_lag_seconds", "Lateness of the event loop's timers.", group)
        self.running = self.gauge("messages_in_flight", "Messages worked on now.", group)
        self.parked = self.gauge("keys_parked", "Keys that wait for a retry or for a server.", group)
        self.polled = self.gauge("poll_age_seconds", "Time since the poll task last showed itself.", group)
        self.ready = self.gauge("ready", "1 when the worker is ready.", group)
        self.part_ready = self.gauge("part_ready", "1 when this part is well.", group, "part")
        self.circuit = self.gauge("circuit_open", "1 while the breaker of this part is not closed.", group, "part")
        self.opened = self.counter("circuit_opened", "Times that the breaker of this part opened.", group, "part")
        self.unfinished = self.gauge("partition_unfinished_records", "Fetched, and not finished.", *PARTITION)
        self.oldest = self.gauge(
            "partition_oldest_unfinished_age_seconds",
            "Time since the oldest unfinished record was fetched.",
            *PARTITION,
        )
        self.lag = self.gauge("consumer_lag_records", "Records in the log that are not finished.", *PARTITION)
        self.paused = self.gauge("partition_paused", "1 while fetching from this partition waits.", *PARTITION)

    def outcomes(self, worker: Worker) -> None:
        group, counts, measures = [worker.group], worker.counts, worker.measures
        self.fetched.add_metric(group, measures.fetched)
        self.done.add_metric(group, counts.done)
        self.duplicate.add_metric(group, counts.duplicate)
        self.ignored.add_metric(group, counts.ignored)
        self.failed.add_metric(group, counts.failed)
        self.retried.add_metric(group, counts.retried)
        self.fenced.add_metric(group, counts.fenced)
        for reason, count in sorted(measures.dead.items()):
            self.dead.add_metric([worker.group, reason], count)
        self.letters_failed.add_metric(group, measures.letters_failed)
        self.refused.add_metric(group, measures.commits_refused)
        self.commits_failed.add_metric(group, measures.commits_failed)
        self.rebalances.add_metric(group, measures.rebalances)

    def timings(self, worker: Worker) -> None:
        group, measures = [worker.group], worker.measures
        add_histogram(self.runs, group, measures.runs, ones=max(0, worker.counts.done - measures.late))
        add_histogram(self.handler, group, measures.handler_s)
        add_histogram(self.queue, group, measures.queue_s)
        add_histogram(self.commit, group, measures.commit_s)
        add_histogram(self.loop_lag, group, measures.loop_lag_s)

    def standing(self, worker: Worker) -> None:
        group, now = [worker.group], worker.standing()
        self.running.add_metric(group, now.running)
        self.parked.add_metric(group, now.parked)
        self.polled.add_metric(group, now.polled_s)
        self.ready.add_metric(group, worker.ready)
        for part, well in now.parts.items():
            self.part_ready.add_metric([worker.group, part], well)
        for part, (state, opened) in now.circuits.items():
            self.circuit.add_metric([worker.group, part], state != "closed")
            self.opened.add_metric([worker.group, part], opened)
        for held in now.partitions:
            place = [worker.group, held.tp.topic, str(held.tp.partition)]
            self.unfinished.add_metric(place, held.unfinished)
            self.oldest.add_metric(place, held.oldest_s)
            self.paused.add_metric(place, held.paused)
            if held.lag is not None:
                self.lag.add_metric(place, held.lag)


def add_histogram(family: HistogramMetricFamily, labels: Sequence[str], histogram: Histogram, *, ones: int = 0) -> None:
    """Add one histogram's buckets and sum, with as many values of 1, its least bound, that were counted elsewhere."""
    levels = [level + ones for level in histogram.cumulative()]
    bounds = [*map(str, histogram.bounds), "+Inf"]
    family.add_metric(labels, buckets=list(zip(bounds, levels, strict=True)), sum_value=histogram.total + ones)


class RelayCollector:
    """Collects from outbox relays; register one collector for all of a process.

    Args:
        relays: Each over its own collection.
    """

    def __init__(self, *relays: OutboxRelay) -> None:
        self._relays = relays

    def describe(self) -> Iterable[Metric]:
        """The families, so that a registry refuses a second collector."""
        return RelayCollector().collect()

    def collect(self) -> Iterable[Metric]:
        """The families with their values now."""
        made, label = Families(), "collection"
        published = made.counter("outbox_published", "Entries that the broker acknowledged.", label)
        backlog = made.gauge("outbox_backlog_documents", "Documents with entries, 10000 for so many or more.", label)
        oldest = made.gauge("outbox_oldest_age_seconds", "Time since the oldest entry was written.", label)
        ready = made.gauge("outbox_ready", "1 when store and broker answered last time.", label)
        for relay in self._relays:
            published.add_metric([relay.name], relay.published)
            backlog.add_metric([relay.name], relay.backlog)
            oldest.add_metric([relay.name], relay.oldest_s)
            ready.add_metric([relay.name], relay.ready)
        return made.families


class EveryCollector:
    """Collects from periodic work; register one collector for all of a process.

    Args:
        timers: Each with its own name.
    """

    def __init__(self, *timers: Every) -> None:
        self._timers = timers

    def describe(self) -> Iterable[Metric]:
        """The families, so that a registry refuses a second collector."""
        return EveryCollector().collect()

    def collect(self) -> Iterable[Metric]:
        """The families with their values now."""
        made, label = Families(), "name"
        steps = made.histogram("every_step_duration_seconds", "Time of one step, whatever became of it.", label)
        failed = made.counter("every_steps_failed", "Steps that raised, outages included.", label)
        ready = made.gauge("every_ready", "1 when the last step ended well.", label)
        for timer in self._timers:
            add_histogram(steps, [timer.name], timer.step_s)
            failed.add_metric([timer.name], timer.failed)
            ready.add_metric([timer.name], timer.ready)
        return made.families
