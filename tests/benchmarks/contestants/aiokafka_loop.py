"""A bare getmany loop on aiokafka: at least once, neither retries nor dead letters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiokafka import AIOKafkaConsumer
from tests.benchmarks.recording import while_open

if TYPE_CHECKING:
    from tests.benchmarks.recording import Recorder
    from tests.benchmarks.task import Task

POLL_MS = 200


async def consume(task: Task, recorder: Recorder) -> None:
    """Whole fetches (no max_records), one commit per batch, one record after the other.

    With `decode` it reads the CloudEvents headers and the JSON value, as keylane and FastStream do.
    """
    consumer = AIOKafkaConsumer(
        task.topic,
        bootstrap_servers=task.bootstrap,
        group_id=task.group,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    )
    await consumer.start()
    try:
        await while_open(_getmany(consumer, task, recorder), recorder, task.limit_s)
    finally:
        await consumer.stop()


async def _getmany(consumer: Any, task: Task, recorder: Recorder) -> None:
    decode = task.options.get("decode", False)
    while not recorder.is_closed():
        for records in (await consumer.getmany(timeout_ms=POLL_MS)).values():
            for record in records:
                if decode:
                    _decoded(record)
                if task.waits:
                    await recorder.wait(record.offset)
                if task.stamped:
                    recorder.stamped(record.partition, record.offset, json.loads(record.value)["at"])
                else:
                    recorder.note(record.partition, record.offset)
                if recorder.is_closed():
                    return
        await consumer.commit()


def _decoded(record: Any) -> tuple[dict[str, str], Any]:
    headers = {name: value.decode() for name, value in record.headers}
    return headers, json.loads(record.value)
