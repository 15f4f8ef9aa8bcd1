"""FastStream with one subscriber."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faststream.kafka import KafkaBroker
from faststream.middlewares import AckPolicy

if TYPE_CHECKING:
    from tests.benchmarks.recording import Recorder
    from tests.benchmarks.task import Task


async def consume(task: Task, recorder: Recorder) -> None:
    """No logging and no argument validation (`apply_types=False`), the fastest it documents."""
    options, batch = dict(task.options), task.options.get("batch", False)
    if "ack_policy" in options:
        options["ack_policy"] = AckPolicy(options["ack_policy"])
    broker = KafkaBroker(task.bootstrap, logger=None, apply_types=False)
    subscriber = broker.subscriber(task.topic, group_id=task.group, auto_offset_reset="earliest", **options)

    @subscriber  # type: ignore[untyped-decorator, unused-ignore]  # its decorators lose types
    async def handle(body: Any) -> None:
        for event in body if batch else (body,):
            if task.waits:
                await recorder.wait(event["n"])
            if task.stamped:
                recorder.stamped(event["p"], event["n"], event["at"])
            else:
                recorder.note(event["p"], event["n"])

    await broker.start()
    try:
        await recorder.over(task.limit_s)
    finally:
        await broker.stop()
