"""confluent-kafka's batch consumer: at least once, neither retries nor dead letters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from confluent_kafka import Consumer

if TYPE_CHECKING:
    from tests.benchmarks.recording import Recorder
    from tests.benchmarks.task import Task

POLL_S = 0.2
BATCH = 5_000


async def consume(task: Task, recorder: Recorder) -> None:
    """Batches of up to 5,000 records, one synchronous commit per batch."""
    consumer = Consumer(
        {
            "bootstrap.servers": task.bootstrap,
            "group.id": task.group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
    )
    consumer.subscribe([task.topic])
    try:
        _loop(consumer, task, recorder)  # blocks the loop, on which nothing else runs
    finally:
        consumer.close()


def _loop(consumer: Any, task: Task, recorder: Recorder) -> None:
    while not recorder.is_closed():
        records = consumer.consume(BATCH, POLL_S)
        for record in records:
            if task.waits:
                recorder.wait_blocking(record.offset())
            recorder.note(record.partition(), record.offset())
            if recorder.is_closed() or (task.waits and recorder.expired(task.limit_s)):
                break
        if records:
            consumer.commit(asynchronous=False)
        if recorder.expired(task.limit_s):
            recorder.close()
